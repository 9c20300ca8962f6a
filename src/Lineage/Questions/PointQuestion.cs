using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Questions;

/// <summary>
/// A question whose answer is the first restore points in some order. Closed. The order is total, so two servers, or a slice and the whole,
/// answer the same.
/// </summary>
/// <param name="World">Null: any.</param>
/// <param name="Limit">How many are wanted.</param>
public abstract record PointQuestion(WorldSize? World, int Limit)
{
    /// <summary>Newest at or before a step.</summary>
    public sealed record Newest(Step? AtOrBefore, WorldSize? World, int Limit = 1) : PointQuestion(World, Limit)
    {
        public override bool Concerns(CheckpointOutline checkpoint) => AtOrBefore is not { } step || checkpoint.Id.Step <= step;

        protected override IOrderedEnumerable<CheckpointOutline> Sort(IEnumerable<CheckpointOutline> all) => NewestFirst(all);

        public override string Order => AtOrBefore is { } step ? $"newest restore point at or before step {Refusals.Number(step.Value)}"
            : "newest restore point";
    }

    /// <summary>Newest before the loss went up: a state from within the spike may hold what made it.</summary>
    public sealed record BeforeSpike(Step From, Step To, WorldSize? World, int Limit = 1) : PointQuestion(World, Limit)
    {
        public override bool Concerns(CheckpointOutline checkpoint) => checkpoint.Id.Step <= To;

        protected override IOrderedEnumerable<CheckpointOutline> Sort(IEnumerable<CheckpointOutline> all) => NewestFirst(all);

        public override (RejectionReason, string)? Objection(CheckpointOutline checkpoint) => checkpoint.Id.Step >= From
            ? (RejectionReason.InsideSpike, $"inside the loss spike of steps {Refusals.Number(From.Value)} to {Refusals.Number(To.Value)}")
            : null;

        public override string Order => $"newest restore point before the loss spike that began at step {Refusals.Number(From.Value)}";
    }

    /// <summary>Best by a metric; of equal ones the newest.</summary>
    public sealed record Best(string Metric, bool Lowest, WorldSize? World, int Limit = 1) : PointQuestion(World, Limit)
    {
        public override bool Concerns(CheckpointOutline checkpoint) => true;

        protected override IOrderedEnumerable<CheckpointOutline> Sort(IEnumerable<CheckpointOutline> all)
        {
            var known = all.OrderBy(c => c.Metric(Metric) is null);
            var byValue = Lowest ? known.ThenBy(c => c.Metric(Metric)) : known.ThenByDescending(c => c.Metric(Metric));
            return byValue.ThenByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation);
        }

        public override (RejectionReason, string)? Objection(CheckpointOutline checkpoint) => checkpoint.Metric(Metric) is null
            ? (RejectionReason.NoMetric, $"no finite value of {Metric} is on record")
            : null;

        public override string Order => $"restore point with the {(Lowest ? "lowest" : "highest")} {Metric}";
    }

    /// <summary>Fewest stored bytes to read; of equal ones the newest.</summary>
    public sealed record Cheapest(WorldSize? World, int Limit = 1) : PointQuestion(World, Limit)
    {
        public override bool Concerns(CheckpointOutline checkpoint) => checkpoint.Candidate.IsSealed;

        protected override IOrderedEnumerable<CheckpointOutline> Sort(IEnumerable<CheckpointOutline> all) =>
            all.OrderBy(static c => c.ReadBytes ?? long.MaxValue)
                .ThenByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation);

        public override string Order => "restore point that reads the fewest bytes";
    }

    /// <summary>Nearest first along a descent; the path itself is the order.</summary>
    public sealed record AlongDescent(WorldSize? World, int Limit) : PointQuestion(World, Limit)
    {
        public override bool Concerns(CheckpointOutline checkpoint) => true;

        protected override IOrderedEnumerable<CheckpointOutline> Sort(IEnumerable<CheckpointOutline> all) => all.OrderBy(static _ => 0);

        public override string Order => "nearest restore point along the ancestry";
    }

    /// <summary>Whether a checkpoint has a place in the order at all.</summary>
    public abstract bool Concerns(CheckpointOutline checkpoint);

    /// <summary>What this question has against an otherwise good restore point; null: nothing.</summary>
    public virtual (RejectionReason Reason, string Detail)? Objection(CheckpointOutline checkpoint) => null;

    /// <summary>For people: what the first one is.</summary>
    public abstract string Order { get; }

    public IEnumerable<CheckpointOutline> InOrder(IEnumerable<CheckpointOutline> all) => Sort(all.Where(Concerns));

    protected abstract IOrderedEnumerable<CheckpointOutline> Sort(IEnumerable<CheckpointOutline> all);

    static IOrderedEnumerable<CheckpointOutline> NewestFirst(IEnumerable<CheckpointOutline> all) =>
        all.OrderByDescending(static c => c.Id.Step).ThenByDescending(static c => c.Id.Generation);
}
