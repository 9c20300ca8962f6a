namespace Lineage.Store;

/// <summary>Files for the server's own user only: what they hold is a secret, or says where one is.</summary>
static class PrivateFile
{
    /// <summary>Replaced in one rename, so that a reader sees the old or the new bytes and never half of them; on disk before it is
    /// there under its name.</summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        var fresh = path + ".new";
        File.Delete(fresh);
        using (var stream = new FileStream(fresh, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, path, overwrite: true);
    }
}
