using System.CommandLine;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;

namespace Lineage.Cli.Verbs;

/// <summary><c>dead-letter list|show|replay|discard</c>: messages that the service could not take, and what to do with them.</summary>
internal static class DeadLetterVerbs
{
    const int LettersMax = 100_000;

    public static Command Create(Globals globals) => new("dead-letter", "Messages that could not be taken, with the reason.")
    {
        List(globals), Show(globals), Replay(globals), Discard(globals),
    };

    static Argument<string> Id() => new("ID") { Description = "Id of a dead letter, as the list shows it." };

    static Command List(Globals globals)
    {
        var count = Inputs.Count("--number", "At most so many, newest first", 100, 1, LettersMax, "-n");
        return globals.Runs(new Command("list", "Dead letters, newest first.") { count }, async (call, ct) =>
        {
            using var client = call.Client();
            var letters = await Invocation.AllAsync<DeadLetterView>(client.ListDeadLettersAsync, call.Value(count), ct);
            call.Outlet.Write(Answer.Many(letters, static letter => letter.Id, screen => DeadLetterPage.List(letters, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Show(Globals globals)
    {
        var id = Id();
        return globals.Runs(new Command("show", "One dead letter, whole.") { id }, async (call, ct) =>
        {
            using var client = call.Client();
            var letter = await client.GetDeadLetterAsync(call.Value(id), ct);
            call.Outlet.Write(Answer.One(letter, letter.Id, screen => DeadLetterPage.Show(letter, screen)));
            return ExitCodes.Done;
        });
    }

    static Command Replay(Globals globals)
    {
        var id = Id();
        var command = new Command("replay", "Try a dead letter again; it stays if it is refused again.") { id };
        return globals.Runs(command, async (call, ct) =>
        {
            using var client = call.Client();
            var replay = await client.ReplayDeadLetterAsync(call.Value(id), ct);
            call.Outlet.Write(Answer.One(replay, replay.Id, screen => DeadLetterPage.Replayed(replay, screen)));
            return replay.Taken ? ExitCodes.Done : ExitCodes.Failed;
        });
    }

    static Command Discard(Globals globals)
    {
        var id = Id();
        return globals.Runs(new Command("discard", "Throw a dead letter away. A sender that still holds its fact sends it again.") { id },
            async (call, ct) =>
            {
                using var client = call.Client();
                var letter = await client.GetDeadLetterAsync(call.Value(id), ct);
                await client.DiscardDeadLetterAsync(letter.Id, ct);
                call.Outlet.Write(Answer.One(letter, letter.Id, screen => [new Line($"Discarded {letter.Id}.").Fit(screen)]));
                return ExitCodes.Done;
            });
    }
}
