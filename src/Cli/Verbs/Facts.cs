using Lineage.Agents.Client;
using Lineage.Agents.Reporting;
using Lineage.Bus;

namespace Lineage.Cli.Verbs;

/// <summary>How facts travel from here: over the broker that is set, else posted to the server.</summary>
internal static class Facts
{
    static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(15);

    public static async Task<IFactPublisher> PublisherAsync(Invocation call, LineageClient client, CancellationToken ct) =>
        Broker(call) is { } broker
            ? await BrokerFactPublisher.ConnectAsync(broker, call.Clock, BrokerPatience, ct)
            : new HttpFactPublisher(client);

    /// <summary>Null when no broker is set. The setting may name a file that holds the address, so that a password is in no process list.</summary>
    public static Uri? Broker(Invocation call) => call.BrokerAddress is { Length: > 0 } address ? BrokerAddress.Parse(address).Uri : null;
}
