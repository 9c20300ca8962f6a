using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Resharding;

/// <summary>What becomes of each part of a training state on another number of ranks, by the role of its tensors.</summary>
public static class ComponentVerdicts
{
    public static IReadOnlyList<ComponentUse> Of(TensorLayout layout, WorldSize target) =>
    [
        .. layout.Tensors.GroupBy(static t => Component(t.Role)).OrderBy(static group => group.Key).Select(group =>
        {
            var (verdict, why) = Judge(group.Key, [.. group], layout.WorldSize, target);
            return new ComponentUse(group.Key, verdict, why, group.Count(), group.Sum(static t => TensorRows.Of(t).Bytes));
        }),
    ];

    /// <summary>Training can go on from it, if perhaps not bit for bit.</summary>
    public static bool IsUsable(IEnumerable<ComponentUse> components) => components.All(static c =>
        c.Verdict != ComponentVerdict.Lost || c.Component is StateComponent.Rng or StateComponent.DataCursor);

    /// <summary>One sentence for people.</summary>
    public static string Why(IReadOnlyList<ComponentUse> components, WorldSize from, WorldSize to)
    {
        var lost = components.Where(static c => c.Verdict == ComponentVerdict.Lost).ToList();
        if (from == to) return $"saved by {from.Value} ranks, as asked for: everything is restored as it was";
        if (lost.Count == 0) return $"saved by {from.Value} ranks: everything can be put together for {to.Value}";
        var names = string.Join(" and ", lost.Select(static c => Word(c.Component)));
        return IsUsable(components)
            ? $"saved by {from.Value} ranks: weights and optimizer can be put together for {to.Value}; lost is {names}, so the run goes " +
                "on from there but not bit for bit"
            : $"saved by {from.Value} ranks: {names} cannot be had on {to.Value}";
    }

    static (ComponentVerdict, string) Judge(
        StateComponent component, IReadOnlyList<LayoutTensor> tensors, WorldSize from, WorldSize to)
    {
        if (from == to) return (ComponentVerdict.Direct, "the same number of ranks");
        if (tensors.All(static t => t.GlobalShape.Count == 0)) return (ComponentVerdict.Direct, "the same on every rank");
        return component switch
        {
            StateComponent.Rng => (ComponentVerdict.Lost, "each rank's random generator is its own; there is none for another number of "
                + "ranks"),
            StateComponent.DataCursor => (ComponentVerdict.Lost, "each rank keeps its own place in the data; another number of ranks "
                + "divides the data otherwise"),
            StateComponent.Other => (ComponentVerdict.Lost, $"nothing says what {tensors[0].Name} is, so nothing says that its rows may be "
                + "divided otherwise"),
            _ => (ComponentVerdict.Reshard, $"rows are divided among {to.Value} ranks instead of {from.Value}"),
        };
    }

    public static StateComponent Component(TensorRole role) => role switch
    {
        TensorRole.Weight or TensorRole.Master or TensorRole.Buffer => StateComponent.Weights,
        TensorRole.ExpAvg or TensorRole.ExpAvgSq or TensorRole.Gradient or TensorRole.Scalar => StateComponent.Optimizer,
        TensorRole.Rng => StateComponent.Rng,
        TensorRole.DataCursor => StateComponent.DataCursor,
        TensorRole.Opaque => StateComponent.Other,
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "Not a role of a tensor."),
    };

    static string Word(StateComponent component) => component switch
    {
        StateComponent.Weights => "the weights",
        StateComponent.Optimizer => "the optimizer's state",
        StateComponent.Rng => "the random generators' state",
        StateComponent.DataCursor => "the place in the data",
        _ => "what has no known role",
    };
}
