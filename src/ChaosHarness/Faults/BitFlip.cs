namespace Lineage.ChaosHarness.Faults;

/// <summary>Silent corruption of stored bytes: one bit of a file is inverted in place, size and times of the file stay plausible.</summary>
/// <param name="Offset">Byte that was changed.</param>
public sealed record BitFlip(string Path, long Offset, int Bit)
{
    /// <summary>Flips the middle bit of the middle byte, reads it back and leaves the change on stable storage.</summary>
    /// <exception cref="IOException">The file is too short to harm, or the change did not take effect.</exception>
    public static BitFlip Middle(string path)
    {
        const int bit = 3;
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (file.Length < 2) throw new IOException($"{path} has {file.Length} bytes; there is nothing to harm.");
        var offset = file.Length / 2;
        file.Position = offset;
        var before = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(before ^ (1 << bit)));
        file.Flush(flushToDisk: true);
        file.Position = offset;
        if (file.ReadByte() != (before ^ (1 << bit))) throw new IOException(
            $"Byte {offset:N0} of {path} did not change; the fault had no effect.");
        return new BitFlip(path, offset, bit);
    }
}
