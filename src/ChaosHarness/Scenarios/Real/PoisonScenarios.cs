using System.Globalization;
using System.Text;
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
        var known = (await stage.World.Api.DeadLettersAsync(stage.Cancellation)).Select(static one => one.Id)
            .ToHashSet(StringComparer.Ordinal);
        var fault = stage.Inject("poison-message", "broker", "no message, half a message, and a fact about nothing, in the facts' queue");
        await PublishAsync(broker, stage, Encoding.UTF8.GetBytes($"no message of {stage.Run}"));
        await PublishAsync(broker, stage, Envelope("""{"id":"not an id"}"""));
        await PublishAsync(broker, stage, Envelope(Fact(stage, number: 1)));
        await PostAsync(stage, Fact(stage, number: 2));
        ChildProcess.Send(rank, Signal.Continue);
        await SavesGoOnAsync(stage, launcher);
        await stage.EndsAsync(launcher);
        const int poisons = 4;
        List<DeadLetterView> letters = [];
        await stage.UntilAsync("every poison among the dead letters", async () =>
        {
            letters = [.. (await stage.World.Api.DeadLettersAsync(stage.Cancellation)).Where(one => !known.Contains(one.Id))];
            return letters.Count >= poisons;
        });
        foreach (var letter in letters)
            stage.Must(letter is { Code.Length: > 0, Reason.Length: > 0 }, $"dead letter {letter.Id} says neither code nor reason");
        stage.Must(letters.Count == poisons, $"{letters.Count} dead letters for {poisons} poisons");
        stage.TookEffect(fault, $"{letters.Count} dead letters: " +
            string.Join(", ", letters.CountBy(static one => one.Code).Select(static one => $"{one.Value} {one.Key}")));
        await stage.JudgeEndAsync();
    }

    /// <summary>Each save from here on is asked for when the one before is over, and written down with the time that it took.</summary>
    static async Task SavesGoOnAsync(Stage stage, ChildProcess launcher)
    {
        const int savesMax = 1_000;
        var ended = (await stage.CheckpointsAsync()).Count(HasEnded);
        for (var save = 0; save < savesMax && !launcher.HasExited; save++)
        {
            var operation = stage.Record.Ask("launcher", OperationKind.Save, string.Create(
                CultureInfo.InvariantCulture, $"save {ended + 1} of {stage.Run}"));
            IReadOnlyList<CheckpointView> views = [];
            await stage.UntilAsync("the next save's end", async () =>
            {
                views = await stage.CheckpointsAsync();
                return views.Count(HasEnded) > ended || launcher.HasExited;
            });
            ended = Math.Max(ended + 1, views.Count(HasEnded));
            stage.Record.Answer("launcher", operation, Outcome.Ok, code: null, launcher.HasExited ? "nothing was left to save" : "closed");
        }
    }

    static bool HasEnded(CheckpointView one) => one.Phase != CheckpointPhase.Open;

    /// <summary>Whole, well-formed, and about a checkpoint that does not exist.</summary>
    static string Fact(Stage stage, int number)
    {
        var (checkpoint, root) = (new CheckpointId(stage.Run, new Generation(1), new Step(1_000_000 + number)), ContentHash.Of([1, 2, 3]));
        var fact = new ShardVerificationReported
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
        return Encoding.UTF8.GetString(CanonicalJson.Write<FactMessage>(fact));
    }

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
