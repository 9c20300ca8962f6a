using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>tag</c>, <c>pin</c>, <c>hold</c> and <c>metrics</c>: what people say of checkpoints.</summary>
internal static class MarkVerbs
{
    const int CheckpointsMax = 100_000;

    public static Command Tags(Globals globals)
    {
        var run = Inputs.Run();
        var list = globals.Runs(new Command("list", "Tags of a run, by name.") { run }, async (call, ct) =>
        {
            using var client = call.Client();
            var view = await client.GetRunAsync(call.Value(run), ct);
            var items = TagItem.Of(view);
            call.Outlet.Write(Answer.Many(items, static item => $"{item.Run}:{item.Tag}", screen => MarkPage.Tags(view, screen)));
            return ExitCodes.Done;
        });
        return new Command("tag", "Names for checkpoints; RUN:TAG refers to one.") { list, SetTag(globals), RemoveTag(globals) };
    }

    static Command SetTag(Globals globals)
    {
        var (tag, reference) = (MarkInputs.Name("TAG", "1-64 of a-z, 0-9, '.', '_' and '-'."), Inputs.Reference());
        var move = new Option<bool>("--move") { Description = "The tag may name something else already; it is moved." };
        return globals.Runs(new Command("set", "Names a checkpoint.") { tag, reference, move }, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            // What it names now is what it is moved from: whoever moves it at the same moment is not overrun.
            var before = call.Value(move) ? TagItem.Named(await client.GetRunAsync(id.Run, ct), call.Value(tag)) : null;
            var view = await client.PlaceTagAsync(id.Run, call.Value(tag), new PlaceTag(id, before), ct);
            call.Outlet.Write(Answer.One(
                new TagItem(id.Run, call.Value(tag), id), $"{id.Run}:{call.Value(tag)}", screen => MarkPage.Tags(view, screen)));
            return ExitCodes.Done;
        });
    }

    static Command RemoveTag(Globals globals)
    {
        var (run, tag) = (Inputs.Run(), MarkInputs.Name("TAG", "Name of the tag."));
        return globals.Runs(new Command("remove", "Takes a tag away; the checkpoint stays.") { run, tag }, async (call, ct) =>
        {
            using var client = call.Client();
            var view = await client.RemoveTagAsync(call.Value(run), call.Value(tag), ct);
            call.Outlet.Write(Answer.Many(
                TagItem.Of(view), static item => $"{item.Run}:{item.Tag}", screen => MarkPage.Tags(view, screen)));
            return ExitCodes.Done;
        });
    }

    public static Command Pins(Globals globals)
    {
        var until = new Option<string?>("--until")
        {
            Description = "When the pin ends: 2026-12-31, 2026-12-31T18:00Z, 36h, 30d (default: never).",
            HelpName = "TIME",
        };
        var pin = new Command("set", "Keeps a checkpoint: retention passes over it.") { until };
        var set = Marking(globals, pin, (client, call, id, reason, ct) =>
            client.PinAsync(id, new PinCheckpoint(
                reason, call.Value(until) is { } text ? MarkText.Moment(text, call.Clock.GetUtcNow()) : null), ct));
        var unpin = new Command("remove", "Leaves a checkpoint to retention again.");
        var remove = Marking(globals, unpin, static (client, _, id, reason, ct) =>
            client.UnpinAsync(id, new UnpinCheckpoint(reason), ct));
        return new Command("pin", "Checkpoints that people keep.") { set, remove };
    }

    public static Command Holds(Globals globals)
    {
        var (placed, lifted) = (MarkInputs.Name("HOLD", "Name of the matter."), MarkInputs.Name("HOLD", "Name of the matter."));
        var place = Marking(globals, new Command("place", "Places a legal hold on a checkpoint."), (client, call, id, reason, ct) =>
            client.PlaceHoldAsync(id, call.Value(placed), new PlaceHold(reason), ct), placed);
        var lift = Marking(globals, new Command("lift", "Lifts a legal hold by its name."), (client, call, id, reason, ct) =>
            client.LiftHoldAsync(id, call.Value(lifted), new LiftHold(reason), ct), lifted);
        var run = Inputs.Run();
        var list = globals.Runs(new Command("list", "Legal holds on the checkpoints of a run.") { run }, async (call, ct) =>
        {
            using var client = call.Client();
            var items = HoldItem.Of(await CheckpointsAsync(client, call.Value(run), ct));
            call.Outlet.Write(Answer.Many(items, static item => $"{item.Checkpoint} {item.Hold}", screen => MarkPage.Holds(items, screen)));
            return ExitCodes.Done;
        });
        return new Command("hold", "Legal holds: what neither retention nor people remove.") { place, lift, list };
    }

    public static Command Metrics(Globals globals)
    {
        var run = Inputs.Run();
        var all = new Command("show", "Recorded metrics of the checkpoints of a run, newest first.") { run };
        var show = globals.Runs(all, async (call, ct) =>
        {
            using var client = call.Client();
            var views = await CheckpointsAsync(client, call.Value(run), ct);
            var items = views.Where(static view => view.Metrics is not null)
                .Select(static view => new MetricsItem(view.Checkpoint, view.Metrics!)).ToArray();
            call.Outlet.Write(Answer.Many(items, static item => item.Checkpoint.ToString(), screen => MarkPage.Metrics(items, screen)));
            return ExitCodes.Done;
        });
        var (reference, pairs) = (Inputs.Reference(), new Argument<string[]>("NAME=VALUE")
        {
            Description = "A metric and its value; nan and inf are values too.",
            Arity = ArgumentArity.OneOrMore,
        });
        var record = globals.Runs(new Command("record", "Records metrics of a checkpoint.") { reference, pairs }, async (call, ct) =>
        {
            using var client = call.Client();
            var metrics = MarkText.Metrics(call.Value(pairs));
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            Write(call, await client.RecordMetricsAsync(id, new RecordMetrics(metrics), ct));
            return ExitCodes.Done;
        });
        return new Command("metrics", "What was measured of the states that checkpoints hold.") { show, record };
    }

    /// <summary>A verb that says something of one checkpoint, with a reason.</summary>
    static Command Marking(
        Globals globals, Command command,
        Func<LineageClient, Invocation, CheckpointId, string, CancellationToken, Task<CheckpointView>> mark, Argument? name = null)
    {
        var (reference, reason) = (Inputs.Reference(), MarkInputs.Reason());
        command.Arguments.Add(reference);
        if (name is not null) command.Arguments.Add(name);
        command.Options.Add(reason);
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var id = await call.CheckpointAsync(client, call.Value(reference), ct);
            Write(call, await mark(client, call, id, call.Value(reason)!, ct));
            return ExitCodes.Done;
        });
    }

    static void Write(Invocation call, CheckpointView view) =>
        call.Outlet.Write(Answer.One(view, view.Checkpoint.ToString(), screen => MarkPage.Of(view, screen)));

    static Task<IReadOnlyList<CheckpointView>> CheckpointsAsync(LineageClient client, RunId run, CancellationToken ct) =>
        Invocation.AllAsync<CheckpointView>(
            (after, limit, token) => client.ListCheckpointsAsync(run, after, limit, token), CheckpointsMax, ct);
}
