using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Lineage.Contracts.Identity;

namespace Lineage.Store;

/// <summary>Where a private PostgreSQL keeps its things, prepared so that its account can use them.</summary>
/// <param name="Root">Owned by the account: <c>data/</c>, <c>server.log</c>.</param>
/// <param name="SocketFolder">Private folder of the unix socket; short, because a socket's path holds at most 107 bytes.</param>
/// <param name="PasswordFile">Password of the database role; readable by the server's own user only.</param>
/// <param name="Relocated">Why the root is not inside the state directory; null when it is.</param>
internal sealed record PostgresFolders(string Root, string SocketFolder, string PasswordFile, string? Relocated)
{
    const int SocketPathMax = 107;   // sun_path holds 108 bytes with its terminating zero (unix(7))

    public string Cluster => Path.Combine(Root, "data");

    public string LogFile => Path.Combine(Root, "server.log");

    public int? WrittenBy => ReadMajor(Cluster);

    public static async Task<PostgresFolders> PrepareAsync(string stateDirectory, PostgresAccount account, CancellationToken ct)
    {
        var root = Path.Combine(stateDirectory, "postgres");
        string? relocated = null;
        try
        {
            Directory.CreateDirectory(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            if (account.IsOther && !await ReachableAsync(stateDirectory, account, ct))
            {
                var name = ContentHash.Of(Encoding.UTF8.GetBytes(stateDirectory)).Short;
                var open = Path.Combine("/var/lib/lineage", name);
                relocated = $"{account.Name} cannot enter {stateDirectory}";
                File.WriteAllText(Path.Combine(root, "moved-to"), open + "\n");
                Directory.CreateDirectory("/var/lib/lineage");
                Directory.CreateDirectory(open, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                root = open;
            }

            await account.OwnAsync(root, ct);
            var socket = await SocketFolderAsync(root, account, ct);
            return new PostgresFolders(root, socket, Password(stateDirectory), relocated);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StateDirectory.Unusable(stateDirectory, e);
        }
    }

    /// <summary>The state directory may be opened for passing through (it is ours); folders above it are never touched.</summary>
    static async Task<bool> ReachableAsync(string stateDirectory, PostgresAccount account, CancellationToken ct)
    {
        if (await account.ReachesAsync(stateDirectory, ct)) return true;
        File.SetUnixFileMode(stateDirectory, File.GetUnixFileMode(stateDirectory) | UnixFileMode.OtherExecute);
        return await account.ReachesAsync(stateDirectory, ct);
    }

    static async Task<string> SocketFolderAsync(string root, PostgresAccount account, CancellationToken ct)
    {
        var beside = Path.Combine(root, "socket");
        if (Encoding.UTF8.GetByteCount(beside) + "/.s.PGSQL.65535.lock".Length <= SocketPathMax)
        {
            Directory.CreateDirectory(beside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await account.OwnAsync(beside, ct);
            return beside;
        }

        var apart = Directory.CreateTempSubdirectory("lineage-").FullName;
        await account.OwnAsync(apart, ct);
        return apart;
    }

    static string Password(string stateDirectory)
    {
        var path = Path.Combine(stateDirectory, "postgres.password");
        if (File.Exists(path)) return path;
        PrivateFile.Write(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24))));
        return path;
    }

    static int? ReadMajor(string cluster)
    {
        var file = Path.Combine(cluster, "PG_VERSION");
        return File.Exists(file) ? int.Parse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>The last lines PostgreSQL wrote, for an error message.</summary>
    public string LastLogLines(int count = 8)
    {
        if (!File.Exists(LogFile)) return "(no log)";
        var lines = File.ReadLines(LogFile).TakeLast(count).Select(static line => line.Trim()).Where(static line => line.Length > 0);
        return string.Join(" | ", lines);
    }
}
