using System.CommandLine;
using Lineage.Agents.Client;
using Lineage.Cli.Configuration;
using Lineage.Cli.Terminal;
using Lineage.Contracts.Api;
using Lineage.Contracts.Identity;

namespace Lineage.Cli.Verbs;

/// <summary>One run of a verb: what was asked, the settings that hold, where to write, and the service to ask.</summary>
internal sealed class Invocation(ParseResult parse, Settings settings, Outlet outlet, TimeProvider clock)
{
    const int PageSize = 200;

    public Settings Settings => settings;

    public Outlet Outlet => outlet;

    public TimeProvider Clock => clock;

    public string StateDirectory => Path.GetFullPath(settings[Settings.State].Value!);

    public string StoreDirectory => Path.GetFullPath(settings[Settings.Store].Value!);

    /// <summary>Null when no broker is set. Holds a password: for the client only.</summary>
    public string? BrokerAddress => Secret(Settings.Broker);

    /// <summary>Null when no database is set. Holds a password: for the server only.</summary>
    public string? PostgresConnection => Secret(Settings.Postgres);

    public Uri ServerAddress => Uri.TryCreate(settings[Settings.Server].Value, UriKind.Absolute, out var server) && server.Scheme is "http"
        or "https"
        ? server
        : throw new LineageProblemException(Problem.Of(
            ProblemCodes.BadRequest, 400, "No address of a server",
            $"\"{settings[Settings.Server].Value}\" (from {settings[Settings.Server].Origin}) is no address of a server: " +
            $"expected http:// or https:// with host and port, for example {Settings.DefaultServer}. Nothing was asked."));

    /// <exception cref="LineageProblemException">bad-request: the file that is to hold it cannot be read.</exception>
    string? Secret(string name)
    {
        var (_, value, origin) = settings[name];
        if (value?.StartsWith(Settings.FileScheme, StringComparison.Ordinal) is not true) return value;
        var path = value[Settings.FileScheme.Length..];
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new LineageProblemException(Problem.Of(
                ProblemCodes.BadRequest, 400, "A setting cannot be read",
                $"{origin} names {path} for the setting {name}: {unreadable.Message} Nothing was started. Correct it, or unset it."),
                    unreadable);
        }
    }

    /// <summary>What proves who asks; null when nothing is set.</summary>
    Credential? Credential => settings[Settings.Key].Value switch
    {
        null => Credential.FromEnvironment(Environment.GetEnvironmentVariable),
        { } file when file.StartsWith(Settings.FileScheme, StringComparison.Ordinal) =>
            Credential.FromFile(file[Settings.FileScheme.Length..]),
        { } token => Credential.Of(token),
    };

    /// <summary>In whose name a person's verbs act: <c>LINEAGE_ACTOR</c>, else who is logged in here.</summary>
    public static ActorId Person => Environment.GetEnvironmentVariable("LINEAGE_ACTOR") is { Length: > 0 } named
        ? ActorId.Parse(named)
        : ActorOf("person", Environment.UserName);

    public T? Value<T>(Option<T> option) => parse.GetValue(option);

    public T Value<T>(Argument<T> argument) => parse.GetRequiredValue(argument);

    /// <summary>Whether the option was given, whatever its default is.</summary>
    public bool IsGiven(Option option) => parse.GetResult(option) is { Implicit: false };

    public IReadOnlyList<string> Unmatched => parse.UnmatchedTokens;

    /// <summary>People wait at a terminal: a service that is away is said within seconds.</summary>
    public LineageClient Client(ActorId? actor = null) =>
        new(
        new ClientOptions(ServerAddress, actor ?? Person)
        {
            RetriesMax = 2,
            RetryDelay = TimeSpan.FromMilliseconds(200),
            Credential = Credential,
        }, clock);

    /// <summary>The checkpoint that a reference names. A bare run stands for its newest one, and says so.</summary>
    public async Task<CheckpointId> CheckpointAsync(LineageClient client, string reference, CancellationToken ct)
    {
        var resolved = await client.ResolveAsync(reference, ct);
        if (resolved.Checkpoint is { } checkpoint) return checkpoint;
        var newest = $"{resolved.Run}:latest";
        outlet.Narrate($"{reference} names a run; taking {newest}.");
        return (await client.ResolveAsync(newest, ct)).Checkpoint ?? throw new LineageProblemException(Problem.Of(
            ProblemCodes.NoSuchCheckpoint, 404, "No such checkpoint",
            $"{resolved.Run} has no checkpoint yet. See its events with: lineage log {resolved.Run}"));
    }

    /// <summary>All pages of a list, at most so many entries.</summary>
    public static async Task<IReadOnlyList<T>> AllAsync<T>(
        Func<string?, int, CancellationToken, Task<Page<T>>> fetch, int max, CancellationToken ct)
    {
        var all = new List<T>();
        string? after = null;
        do
        {
            var page = await fetch(after, Math.Min(PageSize, max - all.Count), ct);
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null && all.Count < max);

        return all.Count > max ? all[..max] : all;
    }

    /// <summary>The recoveries of a run, oldest first. A generation after the first begins with exactly one, or with a first
    /// lease.</summary>
    public static async Task<IReadOnlyList<RecoveryView>> RecoveriesAsync(LineageClient client, RunView run, CancellationToken ct)
    {
        var recoveries = new List<RecoveryView>();
        for (var generation = 1L; generation <= run.Generation.Value; generation++)
        {
            try
            {
                recoveries.Add(await client.GetRecoveryAsync(new RecoveryId(run.Run, new Generation(generation)), ct));
            }
            catch (LineageProblemException none) when (none.Code is ProblemCodes.NoSuchRecovery or ProblemCodes.NotFound)
            {
                // This generation began with a first lease.
            }
        }

        return recoveries;
    }

    public static ActorId ActorOf(string kind, string name) =>
        ActorId.Parse($"{kind}:{new string([.. name.Select(static c => c is > ' ' and <= '~' ? c : '-')])}");
}
