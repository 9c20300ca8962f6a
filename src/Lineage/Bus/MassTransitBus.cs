using Lineage.Contracts.Format;
using Lineage.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Lineage.Bus;

/// <summary>
/// MassTransit behind <see cref="IFactSink"/> and <see cref="IFactPublisher"/>: in this process, or over RabbitMQ. The topology is declared
/// when the bus starts: three exchanges, one quorum queue, one dead-letter queue.
/// </summary>
internal static class MassTransitBus
{
    const int BatchMax = 64, ConcurrentBatches = 8;

    /// <summary>How long the first message of a batch waits for others: short, because a save waits for its seal.</summary>
    static readonly TimeSpan BatchWait = TimeSpan.FromMilliseconds(10);

    public static IServiceCollection AddFactBus(this IServiceCollection services, BrokerAddress? broker)
    {
        services.AddSingleton<IFactPublisher, MassTransitPublisher>();
        services.AddOptions<MassTransitHostOptions>().Configure(static o =>
        {
            o.WaitUntilStarted = true;
            o.StartTimeout = TimeSpan.FromSeconds(30);
            o.StopTimeout = TimeSpan.FromSeconds(15);
        });
        return services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            AddConsumer<ShardDiffReported>(bus);
            AddConsumer<ShardStoreReported>(bus);
            AddConsumer<ShardVerificationReported>(bus);
            if (broker is null) bus.UsingInMemory(ConfigureInMemory);
            else bus.UsingRabbitMq((context, rabbit) => ConfigureRabbitMq(context, rabbit, broker));
        });
    }

    static void AddConsumer<T>(IBusRegistrationConfigurator bus) where T : FactMessage =>
        bus.AddConsumer<FactConsumer<T>>(static consumer => consumer.Options<BatchOptions>(static batch => batch
            .SetMessageLimit(BatchMax).SetConcurrencyLimit(ConcurrentBatches).SetTimeLimit(BatchWait)
            .GroupBy<T, Contracts.Identity.CheckpointId>(static context => context.Message.Checkpoint)));

    static void ConfigureInMemory(IBusRegistrationContext context, IInMemoryBusFactoryConfigurator bus)
    {
        ConfigureMessages(bus);
        bus.Publish<FactMessage>(static p => p.Exclude = true);
        bus.SendTopology.ErrorQueueNameFormatter = new DeadLetterNames();
        bus.ReceiveEndpoint(BusTopology.FactsQueue, endpoint => ConfigureEndpoint(endpoint, context));
    }

    static void ConfigureRabbitMq(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator bus, BrokerAddress broker)
    {
        bus.Host(broker.Host, host =>
        {
            host.Username(broker.UserName);
            host.Password(broker.Password);
            host.PublisherConfirmation = true;
            host.RequestedConnectionTimeout(TimeSpan.FromSeconds(10));
        });
        ConfigureMessages(bus);
        bus.Publish<FactMessage>(static p => p.Exclude = true);
        bus.SendTopology.ErrorQueueNameFormatter = new DeadLetterNames();
        bus.SendTopology.ConfigureErrorSettings = static queue =>
        {
            // It starts from the facts' own arguments. With those the broker would refuse the declaration, close the channel and deliver
            // the poison again, until its limit: twenty channels and half a minute in which nobody else's facts are taken.
            queue.SetQueueArgument("x-delivery-limit", (object)null!);
            queue.SetQueueArgument("x-dead-letter-exchange", (object)null!);
            queue.SetQuorumQueue();
        };
        bus.ReceiveEndpoint(BusTopology.FactsQueue, endpoint =>
        {
            endpoint.SetQuorumQueue();
            endpoint.SetQueueArgument("x-delivery-limit", BusTopology.DeliveriesMax);
            endpoint.BindDeadLetterQueue(BusTopology.DeadLetters, BusTopology.DeadLetters, static dead => dead.SetQuorumQueue());
            ConfigureEndpoint(endpoint, context);
        });
    }

    static void ConfigureMessages(IBusFactoryConfigurator bus)
    {
        bus.Message<ShardDiffReported>(static m => m.SetEntityName(BusTopology.ShardDiffReportedExchange));
        bus.Message<ShardStoreReported>(static m => m.SetEntityName(BusTopology.ShardStoreReportedExchange));
        bus.Message<ShardVerificationReported>(static m => m.SetEntityName(BusTopology.ShardVerificationReportedExchange));
        bus.ConfigureJsonSerializerOptions(static options =>
        {
            ContractJson.Configure(options);
            return options;
        });
    }

    static void ConfigureEndpoint(IReceiveEndpointConfigurator endpoint, IBusRegistrationContext context)
    {
        endpoint.PrefetchCount = BatchMax * ConcurrentBatches;
        endpoint.ConcurrentMessageLimit = BatchMax * ConcurrentBatches;
        endpoint.DiscardSkippedMessages();

        // A database that restarts is away for seconds; after about two minutes a fact becomes a dead letter, and its sender's outbox
        // brings it again.
        endpoint.UseMessageRetry(static retry =>
        {
            retry.Handle<Store.StoreUnavailableException>();
            retry.Exponential(30, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(200));
        });
        endpoint.ConfigureConsumer<FactConsumer<ShardDiffReported>>(context);
        endpoint.ConfigureConsumer<FactConsumer<ShardStoreReported>>(context);
        endpoint.ConfigureConsumer<FactConsumer<ShardVerificationReported>>(context);
    }

    sealed class DeadLetterNames : IErrorQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => BusTopology.DeadLetters;
    }
}

/// <summary>Publishes each fact under the id that it derives from its content, so that a copy of it is recognisable anywhere.</summary>
internal sealed class MassTransitPublisher(IBus bus, TimeProvider clock) : IFactPublisher
{
    /// <summary>A broker that is away is answered with a refusal that says so; the sender has the facts in its outbox.</summary>
    static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(5);

    public async Task PublishAsync(IReadOnlyList<FactMessage> facts, CancellationToken ct)
    {
        using var patience = new CancellationTokenSource(PatienceMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            foreach (var fact in facts)
                await bus.Publish((object)fact, fact.GetType(), context => context.MessageId = fact.Id.Value, either.Token);
        }
        catch (Exception e) when (!ct.IsCancellationRequested && (patience.IsCancellationRequested || BrokerFailure.IsOne(e)))
        {
            throw Store.Failure.Of(
                Contracts.Api.ProblemCodes.BrokerUnreachable, 503, "The broker does not answer",
                $"The broker took not all of {facts.Count} messages within {PatienceMax.TotalSeconds:N0} s. Those that it took are " +
                "harmless to repeat: send all of them again.", e);
        }
    }
}
