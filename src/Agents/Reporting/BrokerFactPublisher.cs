using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Contracts.Messages;
using MassTransit;

namespace Lineage.Agents.Reporting;

/// <summary>
/// Publishes facts over RabbitMQ by MassTransit, each with a publisher confirm. The queue topology belongs to the server, which declares it
/// before agents start; a confirm alone does not say that anybody was listening, so the sender keeps each fact until the service shows it.
/// Connects when it first has something to say, so a broker that is away keeps no rank from training.
/// </summary>
/// <remarks>The bus is built without a service container, where MassTransit keeps its usage telemetry; so none is collected or
/// sent.</remarks>
/// <param name="address">For example <c>amqp://user:password@127.0.0.1:5672/</c>.</param>
public sealed class BrokerFactPublisher(Uri address, TimeProvider clock) : IFactPublisher
{
    static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    readonly SemaphoreSlim gate = new(1);
    IBusControl? started;

    /// <summary>A publisher that is connected already, for programs that want to know at once.</summary>
    /// <exception cref="LineageProblemException">broker-unreachable: no connection within the bound.</exception>
    public static async Task<BrokerFactPublisher> ConnectAsync(Uri address, TimeProvider clock, TimeSpan bound, CancellationToken ct)
    {
        var publisher = new BrokerFactPublisher(address, clock);
        try
        {
            await publisher.StartedAsync(bound, ct);
            return publisher;
        }
        catch
        {
            await publisher.DisposeAsync();
            throw;
        }
    }

    public async Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        var bus = await StartedAsync(Bound, ct);
        using var limit = new CancellationTokenSource(Bound, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            if (facts is [var only]) await PublishAsync(bus, only, only.Id, only.Actor, either.Token);
            else await Task.WhenAll(facts.Chunk(FactBatch.PublishedMax).Select(part => PublishAsync(bus, part, either.Token)));
        }
        catch (Exception e) when (IsBrokerAway(e, ct))
        {
            throw Unreachable($"did not confirm {facts.Count} facts within {Bound.TotalSeconds:0} s: {e.Message}", e);
        }
    }

    /// <summary>Several facts are one message: each message costs a confirm, which is a sync of the broker's disk.</summary>
    static Task PublishAsync(IBusControl bus, FactMessage[] part, CancellationToken ct) => PublishAsync(
        bus, new FactBatch(part), MessageId.Derive([.. part.Select(static fact => fact.Id.ToString())]), part[0].Actor, ct);

    static Task PublishAsync(IBusControl bus, object message, MessageId id, ActorId actor, CancellationToken ct) =>
        bus.Publish(message, message.GetType(), context =>
        {
            context.MessageId = id.Value;
            context.Headers.Set("Lineage-Actor", actor.ToString());
        }, ct);

    /// <summary>The connected bus. Once connected it reconnects by itself; until then each call tries anew.</summary>
    async Task<IBusControl> StartedAsync(TimeSpan bound, CancellationToken ct)
    {
        await gate.WaitAsync(ct);
        try
        {
            if (started is not null) return started;
            using var limit = new CancellationTokenSource(bound, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
            var bus = Create();
            await bus.StartAsync(either.Token);
            return started = bus;
        }
        catch (Exception e) when (IsBrokerAway(e, ct))
        {
            throw Unreachable($"could not be reached within {bound.TotalSeconds:0.#} s: {e.Message}", e);
        }
        finally
        {
            gate.Release();
        }
    }

    IBusControl Create() => Bus.Factory.CreateUsingRabbitMq(broker =>
    {
        broker.Host(address, host => host.PublisherConfirmation = true);
        broker.Message<ShardDiffReported>(static m => m.SetEntityName(BusTopology.ShardDiffReportedExchange));
        broker.Message<ShardStoreReported>(static m => m.SetEntityName(BusTopology.ShardStoreReportedExchange));
        broker.Message<ShardVerificationReported>(static m => m.SetEntityName(BusTopology.ShardVerificationReportedExchange));
        broker.Message<FactBatch>(static m => m.SetEntityName(BusTopology.FactBatchExchange));
        broker.Publish<FactMessage>(static p => p.Exclude = true);
        broker.ConfigureJsonSerializerOptions(static options =>
        {
            ContractJson.Configure(options);
            return options;
        });
    });

    /// <summary>The client reports a lost connection in many shapes; none of them is a bug of ours, and the facts are kept.</summary>
    static bool IsBrokerAway(Exception e, CancellationToken ct) => !ct.IsCancellationRequested
        && (e is OperationCanceledException or MassTransitException or TimeoutException or IOException
            || e.GetType().Namespace?.StartsWith("RabbitMQ.Client", StringComparison.Ordinal) == true);

    LineageProblemException Unreachable(string what, Exception cause) => new(
        Problem.Of(
            ProblemCodes.BrokerUnreachable, 503, "Broker unreachable",
            $"RabbitMQ at {address.Host}:{address.Port} {what} The facts stay in the outbox and are sent again. " +
            "Check that the broker runs."),
        cause);

    public async ValueTask DisposeAsync()
    {
        if (started is not null) await started.StopAsync(TimeSpan.FromSeconds(5));
        gate.Dispose();
    }
}
