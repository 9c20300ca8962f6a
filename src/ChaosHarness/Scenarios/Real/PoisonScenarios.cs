using System.Globalization;
using System.Text;
using Lineage.Bus;
using Lineage.ChaosHarness.Histories;
using Lineage.ChaosHarness.Worlds;
using Lineage.Contracts.Api;
using Lineage.Contracts.Events;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using RabbitMQ.Client;

namespace Lineage.ChaosHarness.Scenarios.Real;

/// <summary>Messages that can never be taken, in the queue that everybody's facts go through.</summary>
static class PoisonScenarios
{
    /// <summary>
    /// Bytes that are no message; a message of the right type without what it needs; a whole fact about a checkpoint that nobody opened,
    /// over the broker and over HTTP. All lie before the facts of a save that is under way.
    /// </summary>
    public static async Task PoisonAsync(Stage stage)
    {
        var broker = stage.World.Broker ?? throw new WorldException("This world has no broker.");
        var (launcher, rank) = await stage.LaunchStoppingAsync("outbox-dir-synced", 3, "--save-deadline", "20");
        byte[] noise = Encoding.UTF8.GetBytes($"no message of {stage.Run}"), half = Envelope("""{"id":"not an id"}""");
        var (overBroker, overHttp) = (Fact(stage, number: 1), Fact(stage, number: 2));
        Poison[] poisons =
        [
            Inject(stage, "bytes that are no message", DeadLetter.OfUnread(noise, fault: null).Id),
            Inject(stage, "half a message", DeadLetter.OfUnread(half, fault: null).Id),
            Inject(stage, "a fact about nothing, over the broker", overBroker.Id),
            Inject(stage, "a fact about nothing, over HTTP", overHttp.Id),
        ];
        foreach (var body in new[] { noise, half, Envelope(Text(overBroker)) }) await PublishAsync(broker, stage, body);
        await PostAsync(stage, Text(overHttp));
        ChildProcess.Send(rank, Signal.Continue);
        await SavesGoOnAsync(stage, launcher);
        await stage.EndsAsync(launcher);
        foreach (var poison in poisons) await LetterAsync(stage, poison);
        await stage.JudgeEndAsync();
    }

    /// <param name="Letter">Id of the dead letter that it has to become, which the fault names for the judge.</param>
    sealed record Poison(int Fault, string What, string Letter);

    static Poison Inject(Stage stage, string what, MessageId letter) =>
        new(stage.Inject("poison-message", "broker", letter.ToString()), what, letter.ToString());

    static async Task LetterAsync(Stage stage, Poison poison)
    {
        DeadLetterView? letter = null;
        await stage.UntilAsync($"the dead letter of {poison.What}", async () =>
        {
            letter = (await stage.World.Api.DeadLettersAsync(stage.Cancellation))
                .FirstOrDefault(one => string.Equals(one.Id, poison.Letter, StringComparison.Ordinal));
            return letter is not null;
        });
        stage.Must(letter is { Code.Length: > 0, Reason.Length: > 0 }, $"dead letter {poison.Letter} says neither code nor reason");
        stage.TookEffect(poison.Fault, $"{poison.What}: dead letter {letter!.Id} ({letter.Code})");
    }

    /// <summary>Each save from here on is asked for when the one before is over, and written down with the time that it took.</summary>
    static async Task SavesGoOnAsync(Stage stage, ChildProcess launcher)
    {
        const int savesMax = 1_000;
        var ended = (await stage.CheckpointsAsync()).Count(HasEnded);
        for (var save = 0; save < savesMax && !launcher.HasExited; save++)
        {
            var what = string.Create(CultureInfo.InvariantCulture, $"save {ended + 1} of {stage.Run}");
            var operation = stage.Record.Ask("launcher", OperationKind.Save, what);
            IReadOnlyList<CheckpointView> views = [];
            await stage.UntilAsync("the next save's end", async () =>
            {
                views = await stage.CheckpointsAsync();
                return views.Count(HasEnded) > ended || launcher.HasExited;
            });
            ended = Math.Max(ended + 1, views.Count(HasEnded));
            stage.Record.Answer("launcher", operation, Outcome.Ok, code: null, what);
        }
    }

    static bool HasEnded(CheckpointView one) => one.Phase != CheckpointPhase.Open;

    /// <summary>Whole, well-formed, and about a checkpoint that does not exist.</summary>
    static ShardVerificationReported Fact(Stage stage, int number)
    {
        var (checkpoint, root) = (new CheckpointId(stage.Run, new Generation(1), new Step(1_000_000 + number)), ContentHash.Of([1, 2, 3]));
        return new ShardVerificationReported
        {
            Id = MessageId.Derive("chaos-poison", checkpoint.ToString()),
            Checkpoint = checkpoint,
            Rank = new Rank(0),
            Actor = ActorId.Parse("keeper:chaos"),
            Correlation = "chaos",
            Finding = Finding.Intact,
            Depth = VerificationDepth.Deep,
            Root = root,
            ReadBytes = 1,
        };
    }

    static string Text(FactMessage fact) => Encoding.UTF8.GetString(CanonicalJson.Write(fact));

    /// <summary>As the bus wraps what it sends.</summary>
    static byte[] Envelope(string message)
    {
        var type = $"urn:message:{typeof(ShardVerificationReported).Namespace}:{nameof(ShardVerificationReported)}";
        return Encoding.UTF8.GetBytes($$"""{"messageType":["{{type}}"],"message":{{message}}}""");
    }

    static async Task PublishAsync(PrivateRabbitMq broker, Stage stage, byte[] body)
    {
        var factory = new ConnectionFactory { Uri = new Uri(broker.Address), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(stage.Cancellation);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), stage.Cancellation);
        var properties = new BasicProperties { Persistent = true, ContentType = "application/vnd.masstransit+json" };
        await channel.BasicPublishAsync("", BusTopology.FactsQueue, mandatory: true, properties, body, stage.Cancellation);
    }

    static async Task PostAsync(Stage stage, string fact)
    {
        using var http = new HttpClient { BaseAddress = stage.World.Address };
        using var body = new StringContent($$"""{"messages":[{{fact}}]}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri("v1/messages", UriKind.Relative), body, stage.Cancellation);
        var said = await answer.Content.ReadAsStringAsync(stage.Cancellation);
        stage.Note("server:0", "answered the poison", $"{(int)answer.StatusCode} {said}");
    }
}
