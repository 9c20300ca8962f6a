using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Messages;
using MassTransit;

namespace Lineage.Agents.Reporting;

/// <summary>
/// Publishes facts over RabbitMQ by MassTransit, each with a publisher confirm. The queue topology belongs to the server, which declares it
/// before agents start; a confirm alone does not say that anybody was listening, so the sender keeps each fact until the service shows it.
/// </summary>
/// <remarks>The bus is built without a service container, where MassTransit keeps its usage telemetry; so none is collected or
/// sent.</remarks>
public sealed class BrokerFactPublisher : IFactPublisher
{
    static readonly TimeSpan PublishBound = TimeSpan.FromSeconds(10);

    readonly IBusControl bus;
    readonly Uri address;
    readonly TimeProvider clock;

    BrokerFactPublisher(IBusControl bus, Uri address, TimeProvider clock)
    {
        this.bus = bus;
        this.address = address;
        this.clock = clock;
    }

    /// <param name="address">For example <c>amqp://user:password@127.0.0.1:5672/</c>.</param>
    /// <exception cref="LineageProblemException">broker-unreachable: no connection within the bound.</exception>
    public static async Task<BrokerFactPublisher> ConnectAsync(Uri address, TimeProvider clock, TimeSpan bound, CancellationToken ct)
    {
        var bus = Bus.Factory.CreateUsingRabbitMq(broker =>
        {
            broker.Host(address, host => host.PublisherConfirmation = true);
            broker.Message<ShardDiffReported>(static m => m.SetEntityName(BusTopology.ShardDiffReportedExchange));
            broker.Message<ShardStoreReported>(static m => m.SetEntityName(BusTopology.ShardStoreReportedExchange));
            broker.Message<ShardVerificationReported>(static m => m.SetEntityName(BusTopology.ShardVerificationReportedExchange));
            broker.Publish<FactMessage>(static p => p.Exclude = true);
            broker.ConfigureJsonSerializerOptions(options =>
            {
                ContractJson.Configure(options);
                return options;
            });
        });
        using var limit = new CancellationTokenSource(bound, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            await bus.StartAsync(either.Token);
            return new BrokerFactPublisher(bus, address, clock);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is OperationCanceledException or MassTransitException)
        {
            throw Unreachable(address, $"could not be reached within {bound.TotalSeconds:0.#} s: {e.Message}", e);
        }
    }

    public async Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(PublishBound, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            foreach (var fact in facts)
                await bus.Publish((object)fact, fact.GetType(), context =>
                {
                    context.MessageId = fact.Id.Value;
                    context.Headers.Set("Lineage-Actor", fact.Actor.ToString());
                }, either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && e is OperationCanceledException or MassTransitException)
        {
            throw Unreachable(address, $"did not confirm {facts.Count} facts within {PublishBound.TotalSeconds:0} s: {e.Message}", e);
        }
    }

    static LineageProblemException Unreachable(Uri address, string what, Exception cause) => new(
        Problem.Of(
            ProblemCodes.BrokerUnreachable, 503, "Broker unreachable",
            $"RabbitMQ at {address.Host}:{address.Port} {what} The facts stay in the outbox and are sent again. " +
            "Check that the broker runs."),
        cause);

    public async ValueTask DisposeAsync() => await bus.StopAsync(TimeSpan.FromSeconds(5));
}
