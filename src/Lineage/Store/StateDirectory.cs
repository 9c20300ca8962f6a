using System.Text;
using System.Text.Json;
using Lineage.Contracts.Api;

namespace Lineage.Store;

/// <summary>
/// The one folder of a server: database, lock, address. Holds a lock for as long as it lives, because two servers that both manage the same
/// private PostgreSQL would stop it under each other. The kernel drops the lock when the process dies, however it dies.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    const int NoSpaceLeft = 28;   // ENOSPC, the low bits of HResult on Linux

    readonly FileStream held;

    StateDirectory(string path, FileStream held) => (Path, this.held) = (path, held);

    public string Path { get; }

    string AddressFile => System.IO.Path.Combine(Path, "server.json");

    /// <exception cref="LineageProblemException">directory-unwritable, disk-full or state-locked.</exception>
    public static StateDirectory Open(string directory)
    {
        var full = System.IO.Path.GetFullPath(directory);
        try
        {
            Directory.CreateDirectory(full);
            var probe = System.IO.Path.Combine(full, ".writable");
            File.WriteAllText(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(full, e);
        }

        try
        {
            var locked = new FileStream(System.IO.Path.Combine(full, "server.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
            return new StateDirectory(full, locked);
        }
        catch (IOException e)
        {
            throw Failure.Of(
                ProblemCodes.StateLocked, 409, "Another server uses this state directory",
                $"{full} is locked by a running server. Nothing was changed. Stop that server (its address and pid are in " +
                $"{full}/server.json), " +
                "or give another directory with --state or LINEAGE_STATE.", e);
        }
    }

    /// <summary>
    /// Says where the server listens. Replaced in one rename, so that a reader sees the old or the new address and never half of one.
    /// </summary>
    public void Publish(ServerAddress address)
    {
        PrivateFile.Write(
            AddressFile, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(address, Contracts.Format.CanonicalJson.Options) + "\n"));
    }

    public void Withdraw() => File.Delete(AddressFile);

    public void Dispose() => held.Dispose();

    internal static LineageProblemException Unusable(string directory, Exception e) => (e.HResult & 0xFFFF) == NoSpaceLeft
        ? Failure.Of(
            ProblemCodes.DiskFull, 507, "No space left for the state directory",
            $"{directory} is on a full file system: {e.Message} What was there is unchanged. Free some space, or give another directory " +
            "with --state or LINEAGE_STATE.", e)
        : Failure.Of(
            ProblemCodes.DirectoryUnwritable, 503, "The state directory cannot be written",
            $"{directory} cannot be created or written: {e.Message} Nothing was changed. Give a directory of your own with --state or " +
            "LINEAGE_STATE.", e);
}

/// <summary>What <c>server.json</c> says.</summary>
/// <param name="Postgres">Connection string without the password; the password is in <paramref name="PostgresPasswordFile"/>. Null for a
/// given database.</param>
/// <param name="PostgresPid">Process id of the private PostgreSQL's postmaster at start; null for a given database.</param>
public sealed record ServerAddress(string Url, int Pid, string? Postgres, string? PostgresPasswordFile, int? PostgresPid);
