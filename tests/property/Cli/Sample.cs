using System.Text.Json;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Tests.Property.Cli;

/// <summary>A small run with every kind of thing in it, for pages to be drawn of.</summary>
static class Sample
{
    public static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public static RunId Run { get; } = RunId.Parse("demo");

    public static Screen Wide { get; } = new(100, Glyphs.Unicode, Now);

    public static Screen Ascii { get; } = new(100, Glyphs.Ascii, Now);

    public static CheckpointId Id(long generation, long step) => new(Run, new Generation(generation), new Step(step));

    public static ContentHash Hash(string text) => ContentHash.Of(System.Text.Encoding.UTF8.GetBytes(text));

    public static DateTimeOffset Ago(double seconds) => Now - TimeSpan.FromSeconds(seconds);

    public static CheckpointView Checkpoint(
        CheckpointId id, CheckpointPhase phase, CheckpointId? parent, CheckpointId? link = null, string? cause = null, int missing = 0,
        double age = 60, int ranks = 4)
    {
        const long rawPerRank = 1_310_720;
        var stored = link is null ? 1_200_000L : 340_000;
        var absent = Enumerable.Range(ranks - missing, missing).Select(static rank => new Rank(rank)).ToArray();
        var shards = Enumerable.Range(0, ranks - missing).Select(rank => Shard(id, new Rank(rank), rawPerRank, stored, link)).ToArray();
        var closed = phase is not CheckpointPhase.Open;
        return new CheckpointView(
            id, phase, link is null ? CheckpointKind.Full : CheckpointKind.Incremental, parent,
            link is { } target ? new BaseLink(target, Hash(target.ToString()), 0) : null, link is null ? 0 : 1, new WorldSize(ranks),
            Hash("layout"), phase is CheckpointPhase.Open or CheckpointPhase.Abandoned ? null : Hash(id.ToString()), shards, absent,
            rawPerRank * shards.Length, stored * shards.Length, Ago(age), Ago(age - 60), closed ? Ago(age - 2) : null,
            phase is CheckpointPhase.Verified ? Ago(age - 3) : null, cause, 11);
    }

    static ShardView Shard(CheckpointId id, Rank rank, long raw, long stored, CheckpointId? link) => new(
        rank,
        new ShardDiffed(
            id, rank, link is null ? null : Hash("base"), raw, stored - 500,
            link is null ? new ChunkModeCounts(1, 0, 2, 9, 0) : new ChunkModeCounts(0, 3, 1, 0, 8), 12_400, 830),
        new ShardStored(id, rank, Hash($"{id}/{rank}"), stored, "local", ObjectKeys.Shard(new ShardId(id, rank)), Now),
        rank.Value == 0 ? new ShardVerified(id, rank, Finding.Intact, VerificationDepth.Deep, null, stored, Now) : null);

    public static RunView View(long generation, RunPhase phase = RunPhase.Running) => new(
        Run, phase, new Generation(generation), ActorId.Parse("launcher:host-1/4711"), new WorldSize(4), SavePolicy.Default,
        new Dictionary<string, string>(StringComparer.Ordinal), Ago(600), Ago(-20), Id(3, 60), Id(3, 50),
        phase is RunPhase.Completed ? new Step(60) : null, phase is RunPhase.Completed ? Hash("state") : null, 9);

    public static RecoveryView Recovery(long generation, CheckpointId? chosen, string cause, params RejectedCandidate[] rejected) => new(
        new RecoveryId(Run, new Generation(generation)), RecoveryPhase.Completed, null, 1, chosen, null,
        "newest verified with a whole chain",
        rejected, [.. new WorldSize(4).Ranks], cause, [new Rank(1)], new Step(37), 7, Ago(200), Ago(196.6), null);

    /// <summary>
    /// Generation 1 saves 10, 20, loses 30 (torn); generation 2 goes on from 20, saves 30, 40 (damaged) and dies; generation 3 goes on
    /// from 30.
    /// </summary>
    public static History History(RunPhase phase = RunPhase.Running) => new(
        View(3, phase),
        [
            Checkpoint(Id(1, 10), CheckpointPhase.Verified, null, age: 580),
            Checkpoint(Id(1, 20), CheckpointPhase.Verified, Id(1, 10), Id(1, 10), age: 500),
            Checkpoint(Id(1, 30), CheckpointPhase.Abandoned, Id(1, 20), Id(1, 10), "a newer generation writes the run", missing: 1,
                age: 420),
            Checkpoint(Id(2, 30), CheckpointPhase.Verified, Id(1, 20), Id(1, 10), age: 380),
            Checkpoint(Id(2, 40), CheckpointPhase.Quarantined, Id(2, 30), Id(1, 10), "rank 0: chunk 7 altered", age: 300),
            Checkpoint(Id(3, 40), CheckpointPhase.Verified, Id(2, 30), Id(1, 10), age: 180),
            Checkpoint(Id(3, 50), CheckpointPhase.Verified, Id(3, 40), age: 120),
            Checkpoint(Id(3, 60), CheckpointPhase.Sealed, Id(3, 50), Id(3, 50), age: 60),
        ],
        [
            Recovery(
                2, Id(1, 20), "rank 1 killed by signal 9", new RejectedCandidate(Id(1, 30), RejectionReason.Abandoned, "missing rank 3")),
            Recovery(
                3, Id(2, 30), "rank 3 killed by signal 9",
                new RejectedCandidate(Id(2, 40), RejectionReason.Quarantined, "rank 0: chunk 7 altered")),
        ]);

    public static LogEntry Entry(long sequence, string stream, string name, string summary) => new(
        sequence, stream, sequence, name, Ago(30), "rank:demo/1/0", null, null, null, Hash(summary), summary,
        JsonSerializer.SerializeToElement(new { step = 10 }));

    public static string Text(this IReadOnlyList<Line> lines) => string.Join('\n', lines.Select(static line => line.Text));
}
