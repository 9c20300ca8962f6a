using Lineage.Access;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Store;

namespace Lineage.Http;

/// <summary>Why a caller was not let in, or not that far.</summary>
static class AccessRefusals
{
    const string HowToProve = "Send \"Authorization: Bearer …\" with an API key or a token; lineage takes a key from LINEAGE_KEY_FILE or "
        + "--key-file. An admin issues one with 'lineage key issue'.";

    public static LineageProblemException Unknown(string what, string why) => Failure.Of(
        ProblemCodes.NotAuthenticated, 401, "Who is asking is not known", $"{what} was refused: {why}. Nothing was changed. {HowToProve}");

    public static LineageProblemException NotAllowed(string what, Caller caller, Permission needed) => Failure.Of(
        ProblemCodes.NotAuthorised, 403, "The caller may not do that",
        $"{what} needs {RolesFor(needed)}; {Name(caller)} has {Roles(caller)}. Nothing was changed. Ask an admin for a key with that role, "
        + "or let somebody do it who has it.");

    public static LineageProblemException OtherRun(string what, Caller caller, RunId? asked) => Failure.Of(
        ProblemCodes.NotAuthorised, 403, "The caller may not touch that run",
        $"{what} is about {(asked is { } run ? $"run {run}" : "more than one run")}; {Name(caller)} may touch run {caller.Run} only. "
        + "Nothing was changed. Use a key of that run, or one for every run.");

    public static LineageProblemException SomebodyElse(Caller caller, ActorId claimed) => Failure.Of(
        ProblemCodes.NotAuthorised, 403, "The caller is somebody else",
        $"The request is made in the name of {claimed}, but {Name(caller)} is {caller.Actor} with {Roles(caller)}. Nothing was changed. "
        + $"Act as {caller.Actor} (lineage: LINEAGE_ACTOR={caller.Actor}), or use the key of {claimed}. Agents may act for ranks, "
        + "launchers, keepers and sidecars of their run.");

    static string Name(Caller caller) => caller.Kind == CallerKind.Key ? $"key {caller.Key}" : $"the token of {caller.Actor}";

    static string Roles(Caller caller) => caller.Roles.Count == 0 ? "no role"
        : $"the role {string.Join(" and ", caller.Roles).ToLowerInvariant()}";

    static string RolesFor(Permission needed) => needed switch
    {
        Permission.Report => "the role agent, operator or admin",
        Permission.Operate => "the role operator or admin",
        Permission.Administer => "the role admin",
        Permission.Audit => "the role auditor or admin",
        _ => "any role",
    };
}
