using Lineage.ChaosHarness.Faults;
using Lineage.ChaosHarness.Worlds;
using Lineage.Store;
using Lineage.Tests.Chaos.Real;
using Marten;
using Xunit.Abstractions;

namespace Lineage.Tests.Chaos.Calibration;

/// <summary>
/// Races for streams, with connections killed before and during COMMIT and with answers lost, on a real PostgreSQL through production's
/// Marten and on <see cref="ChaosHarness.Simulation.ModelStore"/>.
/// </summary>
public sealed class StoreCalibration(ITestOutputHelper output)
{
    const int Rounds = 24, Racers = 3, Seed = 20_260;

    [NeedsFact(Capability.PostgreSql)]
    public async Task PostgreSQL_ends_no_transaction_in_a_way_that_the_modelled_store_does_not_know()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromMinutes(5), TimeProvider.System);
        var script = StoreScript.Draw(Scale.Of(Rounds), Seed);
        var model = new ModelStoreRun(new Random(Seed));
        model.Play(script);
        Assert.Empty(StoreLaws.Violations(model.Attempts, model.Held()));
        var known = StoreLaws.Kinds(model.Attempts, model.Held());

        await using var real = await RealStore.StartAsync(Racers, bound.Token);
        var attempts = await PlayAsync(real, script, bound.Token);
        var held = new Dictionary<string, IReadOnlyList<HeldEvent>>(StringComparer.Ordinal);
        foreach (var stream in StoreScript.Streams) held[stream] = await real.HeldAsync(stream, bound.Token);
        var seen = StoreLaws.Kinds(attempts, held);
        output.WriteLine($"{attempts.Count} transactions, {held.Sum(static h => h.Value.Count)} events; seen {string.Join(' ', seen)}");

        Assert.Empty(StoreLaws.Violations(attempts, held));
        Assert.Subset(known.ToHashSet(), seen.ToHashSet());
        Assert.Equal(4, seen.Count);   // committed, conflict, and no answer with either effect: else nothing was compared
        AssertLawsSeeWhatIsWrong(attempts, held);
    }

    /// <summary>What was really recorded, with one thing wrong.</summary>
    static void AssertLawsSeeWhatIsWrong(
        List<CommitAttempt> attempts, Dictionary<string, IReadOnlyList<HeldEvent>> held)
    {
        var (first, second) = (StoreScript.Streams[0], StoreScript.Streams[1]);
        Dictionary<string, IReadOnlyList<HeldEvent>> With(IEnumerable<HeldEvent> instead) =>
            new(StringComparer.Ordinal) { [first] = [.. instead], [second] = held[second] };
        Assert.NotEmpty(StoreLaws.Violations(attempts, With(held[first].Skip(1))));
        Assert.NotEmpty(StoreLaws.Violations(attempts, With(held[first].Append(held[first][^1] with { Version = held[first].Count + 1 }))));
        var both = attempts.First(attempt => attempt.Appends.Count == 2 && held[first].Any(e => e.Attempt == attempt.Id));
        Assert.NotEmpty(StoreLaws.Violations(attempts, With(
            held[first].Select(e => e.Attempt == both.Id ? e with { Attempt = "another" } : e))));
    }

    static async Task<List<CommitAttempt>> PlayAsync(
        RealStore real, IReadOnlyList<IReadOnlyList<CommitPlan>> script, CancellationToken ct)
    {
        await using (var session = real.Racers[0].Store.LightweightSession())
        {
            foreach (var stream in StoreScript.Streams) session.Events.StartStream(stream, ModelStoreRun.Begin(stream));
            await session.SaveChangesAsync(ct);
        }

        var attempts = new List<CommitAttempt>();
        foreach (var round in script)
        {
            var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var waiting = round.Count;
            var racing = round.Select((plan, racer) => RaceAsync(real, real.Racers[racer], plan, async () =>
            {
                if (Interlocked.Decrement(ref waiting) == 0) read.SetResult();
                await read.Task;
            }, ct)).ToList();
            attempts.AddRange(await Task.WhenAll(racing));
        }

        return attempts;
    }

    static async Task<CommitAttempt> RaceAsync(
        RealStore real, RealStore.Racer racer, CommitPlan plan, Func<Task> everybodyHasRead, CancellationToken ct)
    {
        racer.Proxy.State = LinkState.Healthy;
        await using var session = racer.Store.LightweightSession();
        var appends = new List<(string, long)>();
        foreach (var stream in plan.Streams)
        {
            var opened = await session.Events.FetchForWriting<RunRow>(stream, ct);
            appends.Add((stream, opened.CurrentVersion ?? 0));
            opened.AppendOne(ModelStoreRun.Mark(stream, plan.Id));
        }

        await everybodyHasRead();
        if (plan.Fault == CommitFault.KilledBefore) await real.KillAsync(racer, ct);
        return new CommitAttempt(plan.Id, appends, await AnswerAsync(HurtAsync(real, racer, plan.Fault, session, ct)));
    }

    static async Task HurtAsync(RealStore real, RealStore.Racer racer, CommitFault fault, IDocumentSession session, CancellationToken ct)
    {
        var commit = session.SaveChangesAsync(ct);
        if (fault is CommitFault.KilledDuring or CommitFault.AnswerLost && await real.IsCommittingAsync(racer, commit, ct))
        {
            if (fault == CommitFault.KilledDuring) await real.KillAsync(racer, ct);
            else
            {
                racer.Proxy.State = new LinkState(HoldToClient: true);
                await real.DoneAsync(racer, ct);
                racer.Proxy.ResetAll();
            }
        }

        await commit;
    }

    /// <summary>As production's ledger understands it.</summary>
    static async Task<CommitAnswer> AnswerAsync(Task commit)
    {
        try
        {
            await commit;
            return CommitAnswer.Committed;
        }
        catch (Exception e) when (StoreFailure.Classify(e) is { } known)
        {
            return known is ConcurrentChangeException ? CommitAnswer.Conflict : CommitAnswer.None;
        }
    }
}
