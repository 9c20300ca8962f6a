using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary><c>audit list|show|export</c>: the record of who did what, for people who have to answer for it.</summary>
internal static class AuditVerbs
{
    const int EventsMax = 100_000, PageMax = 500;

    static readonly string[] Formats = ["jsonl", "csv", "html"];

    public static Command Create(Globals globals) => new("audit", "The record of who did what: read it, check it, take it away.")
    {
        List(globals), Show(globals), Export(globals), AuditCheckVerbs.Verify(globals), AuditCheckVerbs.Heads(globals),
    };

    /// <summary>The options that choose events.</summary>
    sealed class Selection
    {
        public Argument<RunId?> Run { get; } = Inputs.OptionalRun("Name of a run; without it, everything.");

        public Option<string?> Stream { get; } = new("--stream") { Description = "Only one stream.", HelpName = "STREAM" };

        public Option<ActorId?> Actor { get; } = Inputs.Value("--actor", "Only what this actor did.", "KIND:NAME", ActorId.Parse);

        public Option<DateTimeOffset?> Since { get; } = Inputs.Value("--since", "From this time on (UTC unless it says otherwise).", "TIME",
            Time);

        public Option<DateTimeOffset?> Until { get; } = Inputs.Value("--until", "Before this time.", "TIME", Time);

        public Option<string[]> Names { get; } = new("--event")
        {
            Description = "Only events of this name; may be repeated.",
            HelpName = "NAME",
            DefaultValueFactory = static _ => [],
        };

        public Option<bool> Refusals { get; } = new("--refusals") { Description = "Only what was refused." };

        public void AddTo(Command command)
        {
            command.Arguments.Add(Run);
            foreach (var option in new Option[] { Stream, Actor, Since, Until, Names, Refusals }) command.Options.Add(option);
        }

        public AuditFilter Of(Invocation call) => new(
            call.Value<RunId?>(Run), call.Value(Stream), call.Value(Actor), call.Value(Since), call.Value(Until), call.Value(Names),
            call.Value(Refusals));

        static DateTimeOffset Time(string text) => DateTimeOffset.Parse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
    }

    static Command List(Globals globals)
    {
        var selection = new Selection();
        var count = Inputs.Count("--number", "At most so many, the newest", 100, 1, EventsMax, "-n");
        var command = new Command("list", "Events by run, actor, time and kind, oldest first.") { count };
        selection.AddTo(command);
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var filter = selection.Of(call);
            var newest = new List<AuditEvent>();
            string? after = null;
            do
            {
                var page = await client.ListAuditEventsAsync(
                    filter, after, Math.Min(PageMax, call.Value(count) - newest.Count), newestFirst: true, ct);
                newest.AddRange(page.Items);
                after = page.Next;
            }
            while (after is not null && newest.Count < call.Value(count));

            newest.Reverse();
            call.Outlet.Write(Answer.Many(
                newest, static e => AuditPage.Place(e), screen => AuditPage.List(newest, filter.Refusals, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Show(Globals globals)
    {
        var place = new Argument<(string Stream, long Version)>("STREAM@VERSION")
        {
            Description = "An event, as 'audit list' names it.",
            CustomParser = ParsePlace,
        };
        return globals.Runs(new Command("show", "Everything on record of one event.") { place }, async (call, ct) =>
        {
            using var client = call.Client();
            var (stream, version) = call.Value(place);
            var found = await client.GetAuditEventAsync(stream, version, ct);
            call.Outlet.Write(Answer.One(found, AuditPage.Place(found), screen => AuditPage.Event(found, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Export(Globals globals)
    {
        var selection = new Selection();
        var to = new Option<string>("--to") { Description = "File to write; it must not exist.", HelpName = "FILE", Required = true };
        var format = new Option<string?>("--format")
        {
            Description = "How it is written (default: by the end of the file's name).",
            HelpName = string.Join('|', Formats),
        };
        format.AcceptOnlyFromAmong(Formats);
        var command = new Command("export", "Writes events to a file. The export itself goes on record.") { to, format };
        selection.AddTo(command);
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var path = Path.GetFullPath(call.Value(to)!);
            var chosen = call.Value(format) ?? Formats.FirstOrDefault(
                name => path.EndsWith($".{name}", StringComparison.OrdinalIgnoreCase)) ?? "jsonl";
            var receipt = await NewFile.WriteAsync(
                path, (file, token) => client.ExportAuditAsync(selection.Of(call), chosen, file, token), ct);
            var view = new ExportedTrail(path, chosen, receipt.Events, receipt.Bytes, receipt.Digest);
            call.Outlet.Write(Answer.One(view, path, screen => AuditPage.Exported(view, screen)));
            return ExitCodes.Done;
        });
    }

    static (string, long) ParsePlace(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        var at = text.LastIndexOf('@');
        if (at > 0 && long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            return (text[..at], version);
        result.AddError($"\"{text}\" is no place of an event: expected STREAM@VERSION, for example run/demo@3.");
        return default;
    }
}
