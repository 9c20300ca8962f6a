using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;

namespace Lineage.Access;

/// <summary>How a caller was recognised. Open: it was not, because this server asks nobody.</summary>
public enum CallerKind { Open, Key, Token }

/// <summary>Who asks, as the service established it, and what follows from that.</summary>
/// <param name="Actor">Null with <see cref="CallerKind.Open"/>: the request itself says who acts.</param>
/// <param name="Run">The only run that it may touch; null: every run.</param>
/// <param name="Key">Id of the key; null without one.</param>
public sealed record Caller(CallerKind Kind, ActorId? Actor, IReadOnlyList<Role> Roles, RunId? Run, string? Key)
{
    /// <summary>Processes that act for a run; one key serves all of them on a machine.</summary>
    static readonly string[] AgentKinds = ["rank:", "launcher:", "keeper:", "sidecar:"];

    /// <summary>Everybody, where no access control is configured.</summary>
    public static Caller Open { get; } = new(CallerKind.Open, Actor: null, [Role.Admin, Role.Auditor], Run: null, Key: null);

    /// <summary>Whoever could not prove who they are: may nothing.</summary>
    public static Caller Nobody { get; } = new(CallerKind.Token, ActorId.Parse("anonymous"), [], Run: null, Key: null);

    /// <summary>Each role includes those before it, except auditor, who reads everything and changes nothing.</summary>
    public bool May(Permission needed) => needed switch
    {
        Permission.Anybody => true,
        Permission.Read => Roles.Count > 0,
        Permission.Report => Has(Role.Agent) || Has(Role.Operator) || Has(Role.Admin),
        Permission.Operate => Has(Role.Operator) || Has(Role.Admin),
        Permission.Administer => Has(Role.Admin),
        Permission.Audit => Has(Role.Auditor) || Has(Role.Admin),
        _ => throw new ArgumentOutOfRangeException(nameof(needed), needed, "Not a permission."),
    };

    bool Has(Role role) => Roles.Contains(role);

    /// <summary>
    /// Whether what it does may go on record under that name: its own, or, for whoever may report at all, that of a process of a run. A
    /// rank names its run; a launcher or keeper names its machine, and the addressed run bounds what it can touch.
    /// </summary>
    public bool MayActAs(ActorId actor)
    {
        if (Kind == CallerKind.Open || actor == Actor) return true;
        var name = actor.ToString();
        if (!May(Permission.Report) || !AgentKinds.Any(kind => name.StartsWith(kind, StringComparison.Ordinal))) return false;
        return Run is not { } run || !name.StartsWith("rank:", StringComparison.Ordinal)
            || name.StartsWith($"rank:{run}/", StringComparison.Ordinal);
    }

    public bool MayTouch(RunId run) => Run is not { } only || only == run;

    public CallerView View => new(Actor, Kind == CallerKind.Open ? [] : Roles, Run, Kind switch
    {
        CallerKind.Open => "open",
        CallerKind.Key => "key",
        _ => "token",
    }, Key);

    /// <summary>Under which its answers are kept and its requests are counted.</summary>
    public string Name => Kind switch
    {
        CallerKind.Key => $"key:{Key}",
        CallerKind.Token => $"token:{Actor}",
        _ => "open",
    };
}
