using System.Collections.Concurrent;
using System.Globalization;
using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;

namespace Lineage.Bench.Ingest;

/// <summary>
/// Runs that save on and on while things die under them, as agents do: what is not known to be on record is sent again. Notes everything
/// that the service ever acknowledged; a later judge holds the record against that.
/// </summary>
sealed class KillLoad(LineageClient client, Uri broker, TimeProvider clock)
{
    const int Runs = 6, World = 16;

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    /// <summary>Checkpoints seen sealed, with the manifest hash that was seen.</summary>
    public ConcurrentDictionary<CheckpointId, ContentHash> Sealed { get; } = new();

    /// <summary>Stored shards that a view or a receipt said were on record.</summary>
    public ConcurrentDictionary<(CheckpointId, Rank), ContentHash> Stored { get; } = new();

    int failures, sends;

    public int Failures => failures;

    public int Sends => sends;

    public async Task RunAsync(CancellationToken stop)
    {
        await using var http = new HttpFactPublisher(client);
        await using var rabbit = new BrokerFactPublisher(broker, clock);
        await Task.WhenAll(Enumerable.Range(0, Runs).Select(run => SaveOnAsync(run, run % 2 == 0 ? http : rabbit, stop)));
    }

    /// <summary>Stops between two saves, so that at the end nothing is half said.</summary>
    async Task SaveOnAsync(int number, IFactPublisher publisher, CancellationToken stop)
    {
        var run = RunId.Parse(string.Create(CultureInfo.InvariantCulture, $"kill-{number}"));
        var policy = new SavePolicy(SaveDeadlineSeconds: 7_200, LeaseSeconds: 7_200);
        await UntilAsync(async () => await client.RegisterRunAsync(
            new RegisterRun(run, policy, new Dictionary<string, string>(StringComparer.Ordinal)), CancellationToken.None));
        await UntilAsync(async () => await client.TakeLeaseAsync(
            run, new TakeLease(client.Actor, new WorldSize(World)), CancellationToken.None));
        for (var step = 1; !stop.IsCancellationRequested; step++)
            await SaveAsync(new MadeUpSave(run, step, World, MadeUpSave.Hash("layout of the load")), publisher);
    }

    async Task SaveAsync(MadeUpSave save, IFactPublisher publisher)
    {
        SavePlan plan = null!;
        await UntilAsync(async () => plan = await client.OpenCheckpointAsync(save.Id, save.Opening(), CancellationToken.None));
        var facts = save.Facts(plan);
        while (true)
        {
            await TryAsync(async () =>
            {
                Interlocked.Increment(ref sends);
                foreach (var part in facts.Chunk(8)) await PublishAsync(publisher, part);
            });
            for (var look = 0; look < 20; look++)
            {
                CheckpointView? view = null;
                await TryAsync(async () => view = await client.GetCheckpointAsync(save.Id, CancellationToken.None));
                if (view is not null) Note(view);
                if (view is { ManifestHash: not null }) return;
                await Task.Delay(Pause, clock);
            }
        }
    }

    /// <summary>A post that was answered is an acknowledgment of every fact in it; a confirm of the broker is none.</summary>
    async Task PublishAsync(IFactPublisher publisher, FactMessage[] part)
    {
        await publisher.PublishAsync(part, CancellationToken.None);
        if (publisher is not HttpFactPublisher) return;
        foreach (var fact in part.OfType<ShardStoreReported>()) Stored[(fact.Checkpoint, fact.Rank)] = fact.Root;
    }

    void Note(CheckpointView view)
    {
        foreach (var shard in view.Shards)
            if (shard.Stored is { } stored) Stored[(view.Checkpoint, shard.Rank)] = stored.Root;
        if (view.ManifestHash is { } hash) Sealed[view.Checkpoint] = hash;
    }

    async Task UntilAsync(Func<Task> work)
    {
        while (!await TryAsync(work)) await Task.Delay(Pause, clock);
    }

    async Task<bool> TryAsync(Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (LineageProblemException e) when (LineageClient.IsTransient(e.Problem))
        {
            Interlocked.Increment(ref failures);
            return false;
        }
    }
}
