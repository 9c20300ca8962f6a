using Lineage.Contracts.Identity;
using Lineage.Decisions;

namespace Lineage.Store;

/// <summary>What an attempt checks or keeps beside events.</summary>
public sealed partial class LedgerSession
{
    public async Task<Access.AccessKey?> KeyAsync(string id, CancellationToken ct) =>
        (await OpenAsync<KeyRow>(Access.AccessKey.StreamKey(id), ct))?.State;

    /// <summary>Keeps the hash of a key's secret, in the transaction of the event that issues it.</summary>
    public void KeepHash(string key, ContentHash hash)
    {
        session.Store(new KeyHashRow(key, hash));
        Dirty = true;
    }

    /// <summary>
    /// The condition of an If-Match. It is looked at in every attempt, after deciding, and stops only a change: what already holds is
    /// answered as done (RFC 9110, 13.1.1), because after a commit of unknown outcome the version has moved by the caller's own doing; and
    /// a refusal is more precise than "it has moved". A command that its decider cannot recognise is recognised by its id.
    /// </summary>
    internal async Task<Decision> GuardAsync(Decided decided, CommandContext context, CancellationToken ct)
    {
        if (context.Expected is not { } expected || decided.Decision is not Decision.Accepted) return decided.Decision;
        if (!streams.ContainsKey(decided.Guarded)) await OpenByKeyAsync(decided.Guarded, ct);
        var version = streams[decided.Guarded].Version;
        if (expected.Contains(version)) return decided.Decision;
        return context.Command is { } command && await WasAppliedAsync(decided.Guarded, expected.Min(), command, ct)
            ? Decision.Done
            : Refusals.VersionMismatch(decided.Guarded, expected, version);
    }

    async Task<bool> WasAppliedAsync(string stream, long since, string command, CancellationToken ct)
    {
        var found = await session.AdvancedSql.QueryAsync<long>(
            $"select count(*) from {MartenSetup.Schema}.mt_events where stream_id = ? and version > ? and headers ->> 'command' = ?", ct,
            stream, since, command);
        return found is [> 0, ..];
    }
}
