using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Agents.Restoring;
using Lineage.Contracts.Identity;
using BrokerAddress = Lineage.Bus.BrokerAddress;

namespace Lineage.Cli.Verbs;

/// <summary>How facts travel from here: over the broker that is set, else posted to the server.</summary>
internal static class Facts
{
    static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(15);

    public static async Task<IFactPublisher> PublisherAsync(Invocation call, LineageClient client, CancellationToken ct) =>
        Broker(call) is { } broker
            ? await BrokerFactPublisher.ConnectAsync(broker, call.Clock, BrokerPatience, ct)
            : new HttpFactPublisher(client);

    /// <summary>Tells the service what was found, so that the checkpoint is no longer offered.</summary>
    /// <param name="verb">Part of the trace that the report belongs to.</param>
    public static async Task ReportAsync(
        Invocation call, LineageClient client, ShardDamagedException damaged, string verb, CancellationToken ct)
    {
        var correlation = MessageId.Derive(verb, damaged.Shard.ToString(), client.Actor.ToString()).Value.ToString("N");
        await using var publisher = await PublisherAsync(call, client, ct);
        await publisher.PublishAsync([FindingReports.Of(damaged.Shard, damaged.Found, client.Actor, correlation)], ct);
    }

    /// <summary>Null when no broker is set.</summary>
    public static Uri? Broker(Invocation call)
    {
        if (call.BrokerAddress is not { Length: > 0 } address) return null;
        BrokerAddress.Parse(address);   // refuses what is no address, without repeating it
        return new Uri(address);
    }
}
