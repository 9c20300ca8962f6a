using Lineage.Contracts.Api;
using Lineage.Contracts.Events;

namespace Lineage.Cli.Rendering;

/// <summary>API keys as a list, a new one with its secret, and who the service takes the caller for.</summary>
internal static class KeyPage
{
    public static IReadOnlyList<Line> Draw(IReadOnlyList<KeyView> keys, Screen screen)
    {
        if (keys.Count == 0) return [new Line(("There is no key.", Tone.Dim))];
        var table = new Table(new("KEY"), new("STATE"), new("ACTOR"), new("ROLES"), new("RUN"), new("ISSUED"), new("EXPIRES"), new("BY"));
        foreach (var key in keys)
        {
            table.Add(
                (key.Key, Tone.Strong), State(key), key.Actor.ToString(), Roles(key.Roles), key.Run?.ToString() ?? "every",
                (Units.Age(key.IssuedAt, screen.Now), Tone.Dim), key.ExpiresAt is { } until ? Units.Moment(until) : "never",
                (key.IssuedBy.ToString(), Tone.Dim));
        }

        return table.Draw(screen);
    }

    /// <summary>The secret is never cut: it is shown this once.</summary>
    public static IReadOnlyList<Line> Draw(IssuedKey issued, Screen screen) =>
        [new Line((issued.Secret, Tone.Strong)), Line.Empty, .. Draw([issued.Key], screen)];

    public static IReadOnlyList<Line> Draw(CallerView caller, Screen screen)
    {
        var facts = new FactList();
        facts.Add("actor", caller.Actor?.ToString() ?? "whoever the request names");
        facts.Add("recognised by", caller.By switch
        {
            "key" => $"key {caller.Key}",
            "token" => "a token of the identity provider",
            _ => "nothing: this server has no access control",
        });
        facts.Add("may", caller.By == "open" ? "everything" : caller.Roles.Count == 0 ? "nothing" : Roles(caller.Roles));
        if (caller.Run is { } run) facts.Add("of run", run.ToString());
        return facts.Draw(screen);
    }

    static string Roles(IReadOnlyList<Role> roles) => string.Join(", ", roles).ToLowerInvariant();

    static Piece State(KeyView key) => key.Phase switch
    {
        KeyPhase.Active => ("active", Tone.Good),
        KeyPhase.Expired => ("expired", Tone.Warn),
        _ => ($"revoked: {key.Reason}", Tone.Bad),
    };
}
