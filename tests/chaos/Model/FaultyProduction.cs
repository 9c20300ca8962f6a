using Lineage.Chains;
using Lineage.Checkpoints;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Messages;
using Lineage.Decisions;
using Lineage.Restores;
using Lineage.Retention;
using Lineage.Runs;

namespace Lineage.Tests.Chaos.Model;

/// <summary>Production with one thing wrong, each of which the comparison with the specification has to find.</summary>
static class FaultyProduction
{
    public static IReadOnlyDictionary<string, Func<Production>> All { get; } = new Dictionary<string, Func<Production>>(
        StringComparer.Ordinal)
    {
        ["seals at N-1 shards"] = static () => new SealsEarly(),
        ["accepts an old generation"] = static () => new TakesOldGenerations(),
        ["deduplicates without the rank"] = static () => new DeduplicatesWithoutRank(),
        ["records a repeat once more"] = static () => new RecordsRepeats(),
        ["seals an abandoned save"] = static () => new SealsAbandoned(),
        ["abandons a sealed save"] = static () => new AbandonsSealed(),
        ["abandons before the deadline"] = static () => new AbandonsEarly(),
        ["an intact finding lifts a quarantine"] = static () => new LiftsQuarantine(),
        ["reclaim ignores bases"] = static () => new ReclaimsBases(),
        ["reclaim ignores the grace"] = static () => new ReclaimsEarly(),
        ["undo leaves the base expired"] = static () => new UndoesAlone(),
        ["grants to whoever asks"] = static () => new GrantsToAnybody(),
        ["grants a generation twice"] = static () => new GrantsTwice(),
        ["recovery takes the newest, verified or not"] = static () => new ChoosesUnverified(),
    };

    sealed class SealsEarly : Production
    {
        protected override Decision DecideReport(Checkpoint? state, Run run, FactMessage message) =>
            base.DecideReport(state, run, message) is Decision.Accepted accepted && state is { Shards.Count: 1, Sealed: null }
                ? new Decision.Accepted([.. accepted.Events, new CheckpointSealed(state.Id, default, 1, 1, state.Opened.OpenedAt)])
                : base.DecideReport(state, run, message);
    }

    sealed class TakesOldGenerations : Production
    {
        protected override Decision DecideReport(Checkpoint? state, Run run, FactMessage message) =>
            base.DecideReport(state, run with { Generation = message.Checkpoint.Generation }, message);
    }

    sealed class DeduplicatesWithoutRank : Production
    {
        protected override Decision DecideReport(Checkpoint? state, Run run, FactMessage message) =>
            message is ShardStoreReported && state is { Phase: CheckpointPhase.Open, Shards.Count: > 0 }
                ? Decision.Done
                : base.DecideReport(state, run, message);
    }

    sealed class RecordsRepeats : Production
    {
        protected override Decision DecideReport(Checkpoint? state, Run run, FactMessage message) =>
            message is ShardStoreReported { Rank: var rank } && state?.Shard(rank).Stored is [var known, ..]
                ? Decision.Accept(known)
                : base.DecideReport(state, run, message);
    }

    sealed class SealsAbandoned : Production
    {
        protected override Decision DecideReport(Checkpoint? state, Run run, FactMessage message) => base.DecideReport(
            state is { Abandoned: not null } ? state with { Abandoned = null, Phase = CheckpointPhase.Open } : state, run, message);
    }

    sealed class AbandonsSealed : Production
    {
        protected override Decision DecideAbandon(Checkpoint? state, Run run, CheckpointCommand.Abandon abandon) => base.DecideAbandon(
            state is { Phase: CheckpointPhase.Sealed } ? state with { Phase = CheckpointPhase.Open } : state, run, abandon);
    }

    sealed class AbandonsEarly : Production
    {
        protected override Decision DecideAbandon(Checkpoint? state, Run run, CheckpointCommand.Abandon abandon) =>
            base.DecideAbandon(state, run, abandon with { At = abandon.At.AddDays(1) });
    }

    sealed class LiftsQuarantine : Production
    {
        protected override Decision DecideReport(Checkpoint? state, Run run, FactMessage message) => base.DecideReport(
            message is ShardVerificationReported { Finding: Finding.Intact, Rank: var rank } && state is { Quarantined: not null }
                ? state with { Quarantined = null, Shards = state.Shards.SetItem(rank, state.Shard(rank) with { Verified = null }) }
                : state, run, message);
    }

    sealed class ReclaimsBases : Production
    {
        protected override Decision DecideReclaim(Checkpoint state, RetentionCommand.StartReclaim reclaim) =>
            base.DecideReclaim(state, reclaim with { Needs = [] });
    }

    sealed class ReclaimsEarly : Production
    {
        protected override Decision DecideReclaim(Checkpoint state, RetentionCommand.StartReclaim reclaim) =>
            base.DecideReclaim(state, reclaim with { At = reclaim.At.AddDays(1) });
    }

    sealed class UndoesAlone : Production
    {
        protected override Decision DecideUndo(Checkpoint state, IReadOnlyList<Checkpoint> bases, RetentionCommand.Undo undo) =>
            base.DecideUndo(state, [], undo);
    }

    sealed class GrantsToAnybody : Production
    {
        protected override Decision DecideStart(Run run, Recovery? current, History history, RecoveryCommand.Start start) =>
            base.DecideStart(run, current, history, start with { LeaseUntil = null });
    }

    sealed class GrantsTwice : Production
    {
        protected override Decision DecideStart(Run run, Recovery? current, History history, RecoveryCommand.Start start) =>
            base.DecideStart(current is null ? run : run with { Generation = start.FailedGeneration!.Value }, current, history,
                start with { LeaseUntil = null });
    }

    sealed class ChoosesUnverified : Production
    {
        protected override Decision DecideStart(Run run, Recovery? current, History history, RecoveryCommand.Start start) =>
            base.DecideStart(run, current, history with
            {
                Candidates = [.. history.Candidates.Select(static c =>
                    c.Phase == CheckpointPhase.Sealed ? c with { Phase = CheckpointPhase.Verified, VerifiedAt = c.SealedAt } : c)],
            }, start);
    }
}
