using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Access;

/// <summary>What can be asked about one key.</summary>
public abstract record KeyCommand(string Key, DateTimeOffset At)
{
    public sealed record Issue(
        string Key, ActorId Actor, IReadOnlyList<Role> Roles, RunId? Run, int? Days, ActorId By, DateTimeOffset At) : KeyCommand(Key, At);

    public sealed record Revoke(string Key, ActorId By, string Reason, DateTimeOffset At) : KeyCommand(Key, At);
}

/// <summary>All decisions about API keys. The secret is none of its business.</summary>
public static class KeyDecider
{
    public const int DaysMax = 3_650, ReasonLengthMax = 500;

    public static Decision Decide(AccessKey? state, KeyCommand command) => command switch
    {
        KeyCommand.Issue issue => Issue(state, issue),
        KeyCommand.Revoke revoke => Revoke(state, revoke),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command.GetType(), "Not a command about a key."),
    };

    static Decision Issue(AccessKey? state, KeyCommand.Issue issue) => issue switch
    {
        { Roles.Count: 0 } => Refusals.BadRequest(
            "roles: none is named; a key without a role could do nothing. No key was issued. " + $"Name at least one of {RoleNames}."),
        { Days: < 1 or > DaysMax } => Refusals.BadRequest(
            $"days: {issue.Days} is out of range: expected 1-{DaysMax}. No key was issued."),
        _ when state is not null => Decision.Done,
        _ => Decision.Accept(new KeyIssued(
            issue.Key, issue.Actor, [.. issue.Roles.Distinct().Order()], issue.Run,
            issue.Days is { } days ? issue.At.AddDays(days) : null, issue.By, issue.At)),
    };

    static Decision Revoke(AccessKey? state, KeyCommand.Revoke revoke) => state switch
    {
        null => NoSuchKey(revoke.Key),
        _ when revoke.Reason is { Length: 0 or > ReasonLengthMax } => Refusals.BadRequest(
            $"reason: {revoke.Reason.Length} characters; expected 1-{ReasonLengthMax}. The key is as it was."),
        { Revoked: not null } => Decision.Done,
        _ => Decision.Accept(new KeyRevoked(revoke.Key, revoke.By, revoke.Reason, revoke.At)),
    };

    public static Decision.Refused NoSuchKey(string key) => Refusals.Of(
        ProblemCodes.NoSuchKey, 404, "No such key",
        $"There is no key {key}. Nothing was changed. 'lineage key list' shows what there is; name it by its id, never by its secret.");

    static string RoleNames => string.Join(", ", Enum.GetNames<Role>().Select(static name => name.ToLowerInvariant()));
}
