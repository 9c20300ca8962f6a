using System.CommandLine;
using Lineage.Contracts.Api;
using Lineage.Hosting;

namespace Lineage.Cli.Verbs;

/// <summary><c>server run</c>: the service in this process, with a private PostgreSQL unless a database is given.</summary>
internal static class ServerVerb
{
    public static Command Create(Globals globals)
    {
        var url = new Option<string?>("--url")
        {
            Description = $"Where to listen (default {ServerOptions.DefaultUrl}; port 0 takes a free one).",
            HelpName = "URL",
        };
        var behindProxy = new Option<bool>("--behind-proxy")
        {
            Description = "A proxy in front ends TLS: listen in clear text off loopback too, and believe its X-Forwarded-For.",
        };
        var run = globals.Runs(new Command("run", "Starts the server and runs it until it is asked to stop.") { url, behindProxy },
            async (call, ct) =>
        {
            var listen = call.Value(url) ?? Environment.GetEnvironmentVariable("LINEAGE_URL");
            var options = new ServerOptions(
                call.StateDirectory, string.IsNullOrEmpty(listen) ? ServerOptions.DefaultUrl : listen,
                call.PostgresConnection, call.BrokerAddress, call.Outlet.Narrate)
            {
                Access = AccessOptions.FromEnvironment(Environment.GetEnvironmentVariable),
                Tls = TlsOptions.FromEnvironment(Environment.GetEnvironmentVariable),
                Rate = RateOptions.FromEnvironment(Environment.GetEnvironmentVariable),
                BehindProxy = call.Value(behindProxy),
            };
            await ServerProgram.RunAsync(options, call.Clock, ct);
            return AgentVerbs.Stopped();
        });
        return new Command("server", "The Lineage service.") { run, Rebuild(globals) };
    }

    static Command Rebuild(Globals globals) => globals.Runs(
        new Command("rebuild", "Builds every row again from the events, while no server runs, and says whether they are what they were."),
        async (call, ct) => await RebuildProgram.RunAsync(
            new ServerOptions(call.StateDirectory, ConnectionString: call.PostgresConnection, Narrate: call.Outlet.Narrate), call.Clock, ct)
            ? ExitCodes.Done : ExitCodes.FoundDamage);
}
