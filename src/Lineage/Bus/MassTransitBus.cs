using Lineage.Contracts.Format;
using Lineage.Contracts.Messages;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Lineage.Bus;

/// <summary>
/// RabbitMQ, by MassTransit, in front of <see cref="IFactSink"/>; nothing where no broker is configured. The topology is declared when the
/// bus starts: three exchanges, one quorum queue, one dead-letter queue.
/// </summary>
internal static class MassTransitBus
{
    /// <summary>
    /// Messages that one server holds without having acknowledged them, single facts of about 2 KiB or batches of up to 256: what bounds
    /// its memory, and how many facts of one checkpoint can go into one append.
    /// </summary>
    const int PrefetchMax = 512;

    public static IServiceCollection AddFactBus(this IServiceCollection services, BrokerAddress? broker)
    {
        services.TryAddSingleton<IFactAppender, LedgerFactSink>();
        services.TryAddSingleton<IFactSink, FactIntake>();
        services.TryAddSingleton<DeadLetters>();
        if (broker is null) return services;
        services.AddOptions<MassTransitHostOptions>().Configure(static o =>
        {
            o.WaitUntilStarted = true;
            o.StartTimeout = TimeSpan.FromSeconds(30);
            o.StopTimeout = TimeSpan.FromSeconds(15);
        });
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddConsumer<FactConsumer<ShardDiffReported>>();
            bus.AddConsumer<FactConsumer<ShardStoreReported>>();
            bus.AddConsumer<FactConsumer<ShardVerificationReported>>();
            bus.AddConsumer<FactBatchConsumer>();
            bus.UsingRabbitMq((context, rabbit) => Configure(context, rabbit, broker));
        });
        services.AddSingleton(broker).AddSingleton<BrokerIntake>();
        return services.AddHostedService<DeadLetterDrain>();
    }

    static void Configure(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator bus, BrokerAddress broker)
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
            endpoint.PrefetchCount = PrefetchMax;
            endpoint.ConcurrentMessageLimit = PrefetchMax;
            endpoint.DiscardSkippedMessages();
            endpoint.ConfigureConsumer<FactConsumer<ShardDiffReported>>(context);
            endpoint.ConfigureConsumer<FactConsumer<ShardStoreReported>>(context);
            endpoint.ConfigureConsumer<FactConsumer<ShardVerificationReported>>(context);
            endpoint.ConfigureConsumer<FactBatchConsumer>(context);
        });
    }

    static void ConfigureMessages(IBusFactoryConfigurator bus)
    {
        bus.Message<ShardDiffReported>(static m => m.SetEntityName(BusTopology.ShardDiffReportedExchange));
        bus.Message<ShardStoreReported>(static m => m.SetEntityName(BusTopology.ShardStoreReportedExchange));
        bus.Message<ShardVerificationReported>(static m => m.SetEntityName(BusTopology.ShardVerificationReportedExchange));
        bus.Message<FactBatch>(static m => m.SetEntityName(BusTopology.FactBatchExchange));
        bus.ConfigureJsonSerializerOptions(static options =>
        {
            ContractJson.Configure(options);
            return options;
        });
    }

    sealed class DeadLetterNames : IErrorQueueNameFormatter
    {
        public string FormatErrorQueueName(string queueName) => BusTopology.DeadLetters;
    }
}
