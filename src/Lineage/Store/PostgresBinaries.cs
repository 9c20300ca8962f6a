using System.Globalization;
using System.Text.RegularExpressions;
using Lineage.Contracts.Api;

namespace Lineage.Store;

/// <summary>One installed PostgreSQL: the folder of its programs and its version.</summary>
/// <param name="Version">As the programs print it, for example <c>15.18</c>.</param>
public sealed partial record PostgresBinaries(string Folder, int Major, string Version)
{
    /// <summary>Oldest major version that this server runs on.</summary>
    public const int MajorMin = 14;

    static readonly string[] VersionedFolders = ["/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt"];

    static readonly string[] Programs = ["postgres", "initdb", "pg_ctl"];

    public string Program(string name) => Path.Combine(Folder, name);

    /// <summary>
    /// Looks in PATH, in the versioned folders of distributions (which are not on PATH) and where <c>pg_config</c> points; newest wins, but
    /// a data directory that exists keeps the major version that wrote it.
    /// </summary>
    /// <param name="writtenBy">Major version of the existing data directory; null when there is none yet.</param>
    public static async Task<PostgresBinaries> FindAsync(int? writtenBy, CancellationToken ct) =>
        await FindAsync(writtenBy, await FoldersAsync(ct), ct);

    /// <param name="folders">Where to look.</param>
    /// <inheritdoc cref="FindAsync(int?, CancellationToken)"/>
    public static async Task<PostgresBinaries> FindAsync(int? writtenBy, IReadOnlyList<string> folders, CancellationToken ct)
    {
        var found = new List<PostgresBinaries>();
        foreach (var folder in folders)
            if (await ProbeAsync(folder, ct) is { } binaries) found.Add(binaries);

        var usable = found.Where(b => b.Major >= MajorMin).OrderByDescending(static b => b.Major)
            .ThenByDescending(static b => Minor(b.Version)).ToList();
        if (writtenBy is { } major) return usable.FirstOrDefault(b => b.Major == major) ?? throw OtherMajor(major, found);
        if (usable.Count > 0) return usable[0];
        throw found.Count == 0 ? Missing() : TooOld(found);
    }

    static async Task<List<string>> FoldersAsync(CancellationToken ct)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).ToList();
        foreach (var root in VersionedFolders.Where(Directory.Exists))
            folders.AddRange(Directory.GetDirectories(root).Select(static d => Path.Combine(d, "bin")).Append(Path.Combine(root, "bin")));
        if (folders.Select(static f => Path.Combine(f, "pg_config")).FirstOrDefault(File.Exists) is { } config)
        {
            var run = await ProgramRun.RunAsync(config, ["--bindir"], ct);
            if (run.ExitCode == 0) folders.Add(run.Output.Trim());
        }

        // Links on PATH (as some images have them) lead to the folder that holds all programs.
        return folders.Where(Directory.Exists).Select(RealFolder).Distinct(StringComparer.Ordinal).ToList();
    }

    static string RealFolder(string folder)
    {
        var server = new FileInfo(Path.Combine(folder, "postgres"));
        var target = server.Exists ? server.ResolveLinkTarget(returnFinalTarget: true) : null;
        return Path.GetDirectoryName(target?.FullName) ?? folder;
    }

    static async Task<PostgresBinaries?> ProbeAsync(string folder, CancellationToken ct)
    {
        if (!Programs.All(name => File.Exists(Path.Combine(folder, name)))) return null;
        var run = await ProgramRun.RunAsync(Path.Combine(folder, "postgres"), ["--version"], ct);
        var match = VersionPattern().Match(run.Output);
        return run.ExitCode == 0 && match.Success
            ? new PostgresBinaries(folder, int.Parse(match.Groups["major"].Value, CultureInfo.InvariantCulture),
            match.Groups["version"].Value)
            : null;
    }

    static int Minor(string version) =>
        version.Split('.') is [_, var minor, ..] && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;

    static LineageProblemException Missing() => Failure.Of(
        ProblemCodes.PostgresMissing, 503, "No PostgreSQL found",
        $"No PostgreSQL was found on PATH or in /usr/lib/postgresql (needed: {MajorMin} or newer). Nothing was written. " +
        "Install one with: apt-get install -y postgresql — or name a database with LINEAGE_POSTGRES.");

    static LineageProblemException TooOld(List<PostgresBinaries> found) => Failure.Of(
        ProblemCodes.PostgresTooOld, 503, "PostgreSQL is too old",
        $"Found only PostgreSQL {string.Join(", ", found.Select(static b => $"{b.Version} in {b.Folder}"))}; {MajorMin} or newer is " +
        "needed. Nothing was written. " +
        "Install a newer one with: apt-get install -y postgresql — or name a database with LINEAGE_POSTGRES.");

    static LineageProblemException OtherMajor(int written, List<PostgresBinaries> found) => Failure.Of(
        ProblemCodes.PostgresMissing, 503, "The PostgreSQL version of this state directory is not installed",
        $"The data directory was written by PostgreSQL {written}, but installed are: " +
        $"{(found.Count == 0 ? "none" : string.Join(", ", found.Select(static b => b.Version)))}. The data is untouched. " +
        $"Install it again with: apt-get install -y postgresql-{written} — or use another state directory.");

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>(?<major>[0-9]+)[^\s]*)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionPattern();
}
