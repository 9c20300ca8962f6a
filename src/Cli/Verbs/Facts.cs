using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
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

    /// <summary>Null when no broker is set.</summary>
    public static Uri? Broker(Invocation call)
    {
        if (call.BrokerAddress is not { Length: > 0 } address) return null;
        BrokerAddress.Parse(address);   // refuses what is no address, without repeating it
        return new Uri(address);
    }
}
