using System.Globalization;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Format;
using Lineage.Contracts.Messages;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Lineage.Bus;

/// <summary>
/// Moves the broker's dead letters into the table, where people look: bytes that no consumer could read, and messages that were delivered
/// too often. A letter is acknowledged after it is kept; a crash in between keeps it twice, which the table counts.
/// </summary>
internal sealed partial class DeadLetterDrain(BrokerAddress broker, DeadLetters letters, TimeProvider clock, ILogger<DeadLetterDrain> log)
    : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), AfterFailure = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await DrainAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogPostponed(log, e.Message);
                await Task.Delay(AfterFailure, clock, stoppingToken);
            }
        }
    }

    async Task DrainAsync(CancellationToken ct)
    {
        var factory = new ConnectionFactory { Uri = broker.Plain, AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync(ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        while (true)
        {
            if (await channel.BasicGetAsync(BusTopology.DeadLetters, autoAck: false, ct) is not { } got)
            {
                await Task.Delay(Pause, clock, ct);
                continue;
            }

            var letter = LetterOf(got);
            await letters.KeepAsync([letter], ct);
            await channel.BasicAckAsync(got.DeliveryTag, multiple: false, ct);
            LogKept(log, letter.Id.ToString(), letter.Code, letter.Reason);
        }
    }

    static DeadLetter LetterOf(BasicGetResult got)
    {
        var body = got.Body.ToArray();
        var headers = got.BasicProperties.Headers ?? new Dictionary<string, object?>(StringComparer.Ordinal);
        if (FactOf(body) is { } fact)
            return new DeadLetter(
                fact.Id, DeadLetter.Undelivered,
                $"The broker gave it up after {BusTopology.DeliveriesMax.ToString(CultureInfo.InvariantCulture)} deliveries, or its " +
                $"consumer failed: {Text(headers, "MT-Fault-Message") ?? "no reason was left"}", Carrier.Broker, fact,
                CanonicalJson.Write<FactMessage>(fact));
        return DeadLetter.OfUnread(body, Text(headers, "MT-Fault-Message"));
    }

    /// <summary>The fact inside MassTransit's envelope; null if there is none.</summary>
    static FactMessage? FactOf(byte[] body)
    {
        try
        {
            using var envelope = JsonDocument.Parse(body);
            if (!envelope.RootElement.TryGetProperty("message", out var message)
                || !envelope.RootElement.TryGetProperty("messageType", out var types)) return null;
            var names = types.EnumerateArray().Select(static t => t.GetString() ?? "").ToList();
            var type = new[] { typeof(ShardDiffReported), typeof(ShardStoreReported), typeof(ShardVerificationReported) }
                .FirstOrDefault(t => names.Exists(name => name.EndsWith($":{t.Name}", StringComparison.Ordinal)));
            return type is null ? null : message.Deserialize(type, CanonicalJson.Options) as FactMessage;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static string? Text(IDictionary<string, object?> headers, string name) => headers.TryGetValue(name, out var value)
        ? value switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null }
        : null;

    [LoggerMessage(2003, LogLevel.Warning, "Dead letter {Id} ({Code}) was kept: {Reason}")]
    static partial void LogKept(ILogger log, string id, string code, string reason);

    [LoggerMessage(2004, LogLevel.Debug, "Dead letters wait in the broker: {Reason}")]
    static partial void LogPostponed(ILogger log, string reason);
}
