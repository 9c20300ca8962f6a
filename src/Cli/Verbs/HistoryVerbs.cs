using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>log</c>, <c>show</c>, <c>chain</c>, <c>checkpoint list</c>: what happened, and what is on record.</summary>
internal static class HistoryVerbs
{
    const int EventsMax = 100_000;

    public static Command Log(Globals globals)
    {
        var run = Inputs.Run();
        var graph = new Option<bool>("--graph") { Description = "Draw the checkpoints as lanes, newest first." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on writing events as they come." };
        var count = Inputs.Count("--number", "At most so many: newest checkpoints with --graph, else newest events", 1000, 1, EventsMax,
            "-n");
        var command = new Command("log", "Events of a run, or its checkpoints as a graph.") { run, graph, follow, count };
        command.Validators.Add(result =>
        {
            if (result.GetValue(graph) && result.GetValue(follow)) result.AddError(
                "--graph and --follow exclude each other; leave one out.");
        });
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            if (call.Value(graph)) return await GraphAsync(call, client, call.Value(run), call.Value(count), ct);
            var entries = await Invocation.AllAsync<LogEntry>((after, limit, token) =>
                client.LogAsync(call.Value(run), after, limit, token), EventsMax, ct);
            var shown = entries.Count > call.Value(count) ? entries.Skip(entries.Count - call.Value(count)).ToArray() : entries;
            call.Outlet.Write(Answer.Many(shown, static entry => $"{entry.Stream}@{entry.Version}", screen => LogPage.Draw(shown, screen)));
            return call.Value(follow) ? await FollowAsync(call, client, call.Value(run), entries, ct) : ExitCodes.Done;
        });
    }

    static async Task<int> GraphAsync(Invocation call, Agents.Client.LineageClient client, RunId id, int max, CancellationToken ct)
    {
        var run = await client.GetRunAsync(id, ct);
        var views = await Invocation.AllAsync<CheckpointView>((after, limit, token) => client.ListCheckpointsAsync(id, after, limit, token),
            EventsMax, ct);
        var newest = views.OrderByDescending(static view => view.Checkpoint.Generation)
            .ThenByDescending(static view => view.Checkpoint.Step)
            .Take(max).ToArray();
        var recoveries = await Invocation.RecoveriesAsync(client, run, ct);
        var oldest = newest.Length > 0 && newest.Length < views.Count ? newest[^1].Checkpoint.Generation : new Generation(0);
        var history = new History(
            run, newest, [.. recoveries.Where(recovery => recovery.Recovery.Generation >= oldest)], views.Count - newest.Length);
        call.Outlet.Write(Answer.Many(
            [.. HistoryRows.Order(history).Select(GraphItem.Of)], static item => item.Id, screen => HistoryPage.Draw(history, screen)));
        return ExitCodes.Done;
    }

    static async Task<int> FollowAsync(
        Invocation call, Agents.Client.LineageClient client, RunId run, IReadOnlyList<LogEntry> known, CancellationToken ct)
    {
        var last = known.Count > 0 ? known.Max(static entry => entry.Sequence) : 0;
        await foreach (var entry in client.FollowLogAsync(run, last, ct))
        {
            if (call.Outlet.Format is OutputFormat.Table) call.Outlet.Write(LogPage.Follow(entry, call.Outlet.Screen));
            else call.Outlet.Write(Answer.Many([entry], static e => $"{e.Stream}@{e.Version}", static _ => []), OutputFormat.Jsonl);
        }

        return ExitCodes.Done;
    }

    public static Command Show(Globals globals)
    {
        var reference = Inputs.Reference();
        return globals.Runs(new Command("show", "Everything on record of one checkpoint.") { reference }, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var view = await client.GetCheckpointAsync(id, ct);
            var tags = TagItem.Of(await client.GetRunAsync(id.Run, ct), id);
            var log = await Invocation.AllAsync<LogEntry>((after, limit, token) => client.LogAsync(id.Run, after, limit, token), EventsMax,
                ct);
            var events = log.Where(entry => string.Equals(entry.Stream, id.StreamKey, StringComparison.Ordinal)).ToArray();
            call.Outlet.Write(Answer.One(
                new CheckpointWithEvents(view, events) { Tags = tags.Count > 0 ? tags : null }, id.ToString(),
                screen => CheckpointPage.Draw(view, events, screen, tags)));
            return ExitCodes.Done;
        });
    }

    public static Command Chain(Globals globals)
    {
        var reference = Inputs.Reference();
        return globals.Runs(new Command("chain", "What rebuilds a checkpoint, in order, with digests.") { reference }, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            var chain = await client.GetChainAsync(id, ct);
            call.Outlet.Write(Answer.One(chain, id.ToString(), screen => ChainPage.Draw(chain, screen)));
            return chain.Broken is null ? ExitCodes.Done : ExitCodes.FoundDamage;
        });
    }

    public static Command Checkpoints(Globals globals)
    {
        var run = Inputs.Run();
        var count = Inputs.Count("--number", "At most so many, newest first", 1000, 1, EventsMax, "-n");
        var list = globals.Runs(new Command("list", "Checkpoints of a run, newest first.") { run, count }, async (call, ct) =>
        {
            using var client = call.Client();
            var views = await Invocation.AllAsync<CheckpointView>(
                (after, limit, token) => client.ListCheckpointsAsync(call.Value(run), after, limit, token), call.Value(count), ct);
            call.Outlet.Write(Answer.Many(views, static view => view.Checkpoint.ToString(), screen => CheckpointPage.List(views, screen)));
            return ExitCodes.Done;
        });
        return new Command("checkpoint", "Checkpoints of a run.")
        {
            list, RetentionVerbs.Holders(globals), DescentVerbs.Ancestors(globals), DescentVerbs.CommonAncestor(globals),
            DescentVerbs.Branches(globals), ReshardVerbs.Reshard(globals), RebaseVerb.Create(globals),
        }.With(GraphVerbs.OfCheckpoints(globals));
    }
}
