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

/// <summary>Production with one thing wrong, which the comparison with the specification has to find.</summary>
/// <param name="Says">What the comparison says of it.</param>
/// <param name="Twice">Only a second generation shows it; the others are looked for in the world of one generation.</param>
sealed record FaultyProduction(string Name, string Says, Func<Production> Create, bool Twice = false)
{
    const string Yes = "the specification says Refused, production Accepted";

    public static IReadOnlyList<FaultyProduction> All { get; } =
    [
        new("seals at N-1 shards", "save A is Sealed", static () => new SealsEarly()),
        new("accepts an old generation", Yes, static () => new TakesOldGenerations(), Twice: true),
        new("deduplicates without the rank", "the specification says Accepted, production Done",
            static () => new DeduplicatesWithoutRank()),
        new("records a repeat once more", "the specification says Done, production Accepted", static () => new RecordsRepeats()),
        new("seals an abandoned save", Yes, static () => new SealsAbandoned()),
        new("abandons a sealed save", Yes, static () => new AbandonsSealed()),
        new("abandons before the deadline", Yes, static () => new AbandonsEarly()),
        new("hears an older generation's failure", Yes, static () => new HearsZombies(), Twice: true),
        new("a failure undoes what is on record", Yes, static () => new UndoesRecorded()),
        new("an intact finding lifts a quarantine", "the specification says Done, production Accepted", static () => new LiftsQuarantine()),
        new("reclaim ignores bases", Yes, static () => new ReclaimsBases()),
        new("reclaim ignores the grace", Yes, static () => new ReclaimsEarly()),
        new("undo leaves the base expired", "save A is Expired", static () => new UndoesAlone()),
        new("grants to whoever asks", Yes, static () => new GrantsToAnybody(), Twice: true),
        new("grants a generation twice", Yes, static () => new GrantsTwice(), Twice: true),
        new("a recovery takes the newest, verified or not", "generation 2, Held", static () => new ChoosesUnverified(), Twice: true),
    ];

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

    sealed class HearsZombies : Production
    {
        protected override Decision DecideFail(Checkpoint? state, Run run, CheckpointCommand.Fail fail) =>
            base.DecideFail(state, run with { Generation = fail.Checkpoint.Generation }, fail);
    }

    sealed class UndoesRecorded : Production
    {
        protected override Decision DecideFail(Checkpoint? state, Run run, CheckpointCommand.Fail fail) => base.DecideFail(
            state is null ? null : state with { Shards = state.Shards.Remove(fail.Rank) }, run, fail);
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
            current is null
                ? base.DecideStart(run, current, history, start)
                : base.DecideStart(
                    run with { Generation = start.FailedGeneration!.Value }, current, history, start with { LeaseUntil = null });
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
