using Microsoft.Extensions.Logging;

namespace Lineage.Hosting;

/// <summary>One line per message on standard error; frameworks only when they warn.</summary>
static class ServerLogging
{
    static readonly string[] Frameworks = ["Microsoft", "Marten", "MassTransit", "Npgsql", "JasperFx", "System"];

    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(static console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
        });
        logging.AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        logging.SetMinimumLevel(LogLevel.Information);
        foreach (var framework in Frameworks) logging.AddFilter(framework, LogLevel.Warning);

        // The retry filter logs every attempt of every message as a warning with a stack trace; what is given up becomes a dead letter,
        // which is logged.
        logging.AddFilter("MassTransit.ReceiveTransport", LogLevel.Error);
    }
}
