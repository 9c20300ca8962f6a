using CsCheck;

namespace Lineage.Tests.Chaos.Model;

/// <summary>The protocol as CsCheck explores it.</summary>
static class ProtocolSpec
{
    /// <param name="seen">Told of every step: which happening, before, after.</param>
    public static Spec<ModelState> Create(Action<Happening, ModelState, ModelState>? seen = null)
    {
        var spec = Spec.From(ModelState.Initial).Print(static s => s.ToString());
        foreach (var happening in Happening.All)
        {
            ModelState Next(ModelState s, object c)
            {
                var after = happening.Step(s, c).After;
                seen?.Invoke(happening, s, after);
                return after;
            }

            if (happening.Cases is [var only]) spec.Action(happening.Name, s => happening.May(s, only), s => Next(s, only));
            else spec.Action(happening.Name, happening.Cases, happening.May, Next);
        }

        return Requirements.AddTo(spec);
    }
}
