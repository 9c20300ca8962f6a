using System.Globalization;
using System.Net;
using Lineage.Contracts.Identity;

namespace Lineage.Agents.Launching;

/// <summary>
/// What the launcher tells a rank process that it starts, beside the fixed command line: through the environment, as torchrun does, and
/// because a secret does not belong on a command line.
/// </summary>
/// <param name="LauncherProcess">Process id of the launcher, with which the rank dies.</param>
public sealed record RankStart(
    Generation Generation, Rank Rank, WorldSize WorldSize, IPEndPoint Rendezvous, string Token, CheckpointId? RestorePoint,
    int LauncherProcess)
{
    const string Prefix = "LINEAGE_RANK_";

    public IEnumerable<KeyValuePair<string, string>> ToEnvironment() =>
    [
        new($"{Prefix}GENERATION", Generation.ToString()),
        new($"{Prefix}INDEX", Rank.ToString()),
        new($"{Prefix}WORLD_SIZE", WorldSize.ToString()),
        new($"{Prefix}RENDEZVOUS", Rendezvous.ToString()),
        new($"{Prefix}TOKEN", Token),
        new($"{Prefix}RESTORE_POINT", RestorePoint?.ToString() ?? ""),
        new($"{Prefix}LAUNCHER", LauncherProcess.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <exception cref="FormatException">A variable is absent or malformed: this process was not started by a launcher.</exception>
    public static RankStart FromEnvironment(Func<string, string?> environment)
    {
        var restorePoint = environment($"{Prefix}RESTORE_POINT");
        return new RankStart(
            new Generation(Number("GENERATION")), Rank.From(Number("INDEX")), WorldSize.From(Number("WORLD_SIZE")),
            IPEndPoint.Parse(Text("RENDEZVOUS")), Text("TOKEN"),
            string.IsNullOrEmpty(restorePoint) ? null : CheckpointId.Parse(restorePoint),
            checked((int)Number("LAUNCHER")));

        string Text(string name) => environment(Prefix + name) is { Length: > 0 } value
            ? value
            : throw new FormatException(
                $"{Prefix}{name} is not set: a rank is started by `lineage launch`, which sets it. Nothing was started.");

        long Number(string name) => long.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{Prefix}{name} is \"{Text(name)}\"; a whole number is expected. Nothing was started.");
    }
}
