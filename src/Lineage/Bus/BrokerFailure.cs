using System.Net.Sockets;
using Lineage.Contracts.Api;
using Lineage.Store;
using MassTransit;
using RabbitMQ.Client.Exceptions;

namespace Lineage.Bus;

/// <summary>Tells whether an exception means that the broker is away.</summary>
static class BrokerFailure
{
    public static bool IsOne(Exception e)
    {
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            if (cause is RabbitMqConnectionException or BrokerUnreachableException or SocketException or TimeoutException
                or TaskCanceledException) return true;
        return false;
    }

    public static LineageProblemException Unreachable(BrokerAddress broker, Exception e) => Failure.Of(
        ProblemCodes.BrokerUnreachable, 503, "The broker does not answer",
        $"RabbitMQ at {broker} did not take a connection: {e.GetBaseException().Message} The server was not started. " +
        "Start the broker, correct LINEAGE_BROKER, or leave it out to carry messages in this process.", e);
}
