using System.Globalization;
using System.Net.Http.Headers;
using Lineage.Agents.Training;
using Lineage.Cli.Configuration;
using Lineage.Cli.Rendering;
using Lineage.Contracts.Api;
using Lineage.Store;

namespace Lineage.Cli.Verbs;

/// <summary>The checks of <c>doctor</c>, each of which ends in words and never in an exception.</summary>
internal sealed class DoctorChecks(Invocation call)
{
    const long FreeBytesMin = 2L << 30;
    static readonly TimeSpan SkewMax = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<DoctorCheck>> AllAsync(CancellationToken ct)
    {
        var checks = new List<DoctorCheck>();
        var service = await ServerAsync(checks, ct);
        checks.Add(await PostgresAsync(service, ct));
        checks.Add(Broker(service));
        if (service is not null) checks.Add(await ClockAsync(ct));
        checks.Add(Libtorch());
        checks.Add(Writable("state", call.StateDirectory, "--state"));
        checks.Add(Writable("store", call.StoreDirectory, "--store"));
        checks.Add(Free(call.StoreDirectory));
        checks.Add(OutboxCheck.Look(call.StateDirectory));
        return checks;
    }

    async Task<ServiceView?> ServerAsync(List<DoctorCheck> checks, CancellationToken ct)
    {
        var origin = call.Settings[Settings.Server].Origin;
        try
        {
            using var client = call.Client();
            var service = await client.GetServiceAsync(ct);
            checks.Add(new("server", CheckResult.Good, $"{client.Server} ({origin}), version {service.Version}"));
            return service;
        }
        catch (LineageProblemException away)
        {
            var next = away.Code is ProblemCodes.ServerUnreachable ? "lineage server run" : "lineage config show --origin";
            checks.Add(new("server", CheckResult.Failed,
                $"{call.Settings[Settings.Server].Value} ({origin}): {FirstSentence(away.Problem.Detail)}", next));
            return null;
        }
    }

    static async Task<DoctorCheck> PostgresAsync(ServiceView? service, CancellationToken ct)
    {
        const string name = "postgresql";
        if (service is not null)
        {
            var known = int.TryParse(service.Postgres.Split('.', ' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major);
            var words = $"{service.Postgres}{(service.PrivatePostgres ? ", private to the server" : "")}";
            return known && major < PostgresBinaries.MajorMin
                ? new(name, CheckResult.Failed, $"{words}; {PostgresBinaries.MajorMin} or newer is needed", "apt-get install -y postgresql")
                : new(name, CheckResult.Good, words);
        }

        try
        {
            var binaries = await PostgresBinaries.FindAsync(writtenBy: null, ct);
            return new(name, CheckResult.Good, $"{binaries.Version} installed in {binaries.Folder}; a server can start a private one");
        }
        catch (LineageProblemException missing)
        {
            return new(name, CheckResult.Failed, FirstSentence(missing.Problem.Detail), "apt-get install -y postgresql");
        }
    }

    DoctorCheck Broker(ServiceView? service)
    {
        const string name = "broker";
        if (service is null) return new(name, CheckResult.Skipped, "not looked at: the server does not answer");
        return service.BrokerAddress is { } address
            ? new(name, CheckResult.Good, $"{service.Broker} at {address}")
            : call.BrokerAddress is null
                ? new(name, CheckResult.Good, $"{service.Broker}: facts are posted to the server")
                : new(
                    name, CheckResult.Failed,
                    $"the server carries messages {service.Broker}, but a broker is set here ({call.Settings[Settings.Broker].Origin})",
                    "start the server with the same LINEAGE_BROKER, or unset it here");
    }

    /// <summary>The time that the server writes on an answer has whole seconds; a skew changes no outcome, but it puzzles people.</summary>
    async Task<DoctorCheck> ClockAsync(CancellationToken ct)
    {
        const string name = "clock";
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(call.ServerAddress, "v1/service"));
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("lineage-doctor", "1"));
            using var answer = await http.SendAsync(request, ct);
            if (answer.Headers.Date is not { } theirs) return new(name, CheckResult.Skipped, "the server's answer carries no time");
            var skew = call.Clock.GetUtcNow() - theirs;
            return skew.Duration() <= SkewMax
                ? new(name, CheckResult.Good, "within 2 s of the server's")
                : new(name, CheckResult.Note,
                    $"{Units.Duration(skew.Duration())} {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the server's; " +
                    "ages look wrong, outcomes do not", "timedatectl set-ntp true");
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !ct.IsCancellationRequested)
        {
            return new(name, CheckResult.Skipped, "the server stopped answering");
        }
    }

    static DoctorCheck Libtorch()
    {
        const string name = "libtorch";
        try
        {
            Agents.Training.Libtorch.Load();
            return new(name, CheckResult.Good, "loads; ranks can train here");
        }
        catch (LibtorchMissingException missing)
        {
            return new(name, CheckResult.Failed, FirstSentence(missing.Message),
                "build with -p:Torch=cpu (the default), or train on another host");
        }
    }

    /// <summary>Makes nothing that was not there: where the directory is still missing, its nearest parent must take it.</summary>
    static DoctorCheck Writable(string name, string directory, string option)
    {
        var nearest = directory;
        while (!Directory.Exists(nearest)) nearest = Path.GetDirectoryName(nearest) ?? "/";
        var probe = Path.Combine(nearest, $".lineage-doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllBytes(probe, new byte[4096]);
            File.Delete(probe);
            return new(name, CheckResult.Good, nearest == directory ? $"{directory} is writable"
                : $"{directory} does not exist yet and can be made");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new(name, CheckResult.Failed, $"{directory}: {refused.Message}",
                $"give another directory with {option}, or change its rights");
        }
    }

    static DoctorCheck Free(string directory)
    {
        var nearest = directory;
        while (!Directory.Exists(nearest)) nearest = Path.GetDirectoryName(nearest) ?? "/";
        var drive = new DriveInfo(nearest);
        var words = $"{Units.Bytes(drive.AvailableFreeSpace)} of {Units.Bytes(drive.TotalSize)} under {directory}";
        return drive.AvailableFreeSpace >= FreeBytesMin
            ? new("free space", CheckResult.Good, words)
            : new("free space", CheckResult.Failed, $"{words}; saves need room for whole checkpoints",
                "free space, or give another directory with --store");
    }

    static string FirstSentence(string text)
    {
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return end > 0 ? text[..(end + 1)] : text;
    }
}
