using System.Diagnostics;
using System.Globalization;
using Lineage.Bench.Measuring;
using Lineage.Bench.Traces;

namespace Lineage.Bench.Codec;

/// <summary>The zstd command line on a file with the same bytes. Its processor time is the child's, reading and writing files included;
/// starting the process counts too, which only small states feel.</summary>
sealed class ZstdProgram(int level, string folder) : IStateCodec
{
    readonly string raw = PathOf(folder, level, "raw"), stored = PathOf(folder, level, "zst"), back = PathOf(folder, level, "back");

    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"zstd -{level} -T1 (program)");

    public bool UsesBase => false;

    public long StoredBytes => new FileInfo(stored).Length;

    public long StoredOf(int tensor) => -1;

    static string PathOf(string folder, int level, string what) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"level{level}.{what}"));

    /// <summary>Null if the program can be run; otherwise why not.</summary>
    public static string? Objection()
    {
        try
        {
            using var process = Start("--version");
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"zstd --version ended with {process.ExitCode}";
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return "the program zstd is not installed (Debian: apt-get install zstd)";
        }
    }

    /// <summary>Writes the input; not timed.</summary>
    public void Prepare(MemoryTensors state)
    {
        using var file = File.Create(raw);
        for (var tensor = 0; tensor < state.Tensors.Count; tensor++) file.Write(state.Bytes(tensor));
    }

    public void Encode(MemoryTensors state, MemoryTensors? baseState) =>
        Run("-q", "-f", "-T1", string.Create(CultureInfo.InvariantCulture, $"-{level}"), raw, "-o", stored);

    public void Decode(MemoryTensors destination, MemoryTensors? baseState) => Run("-q", "-f", "-d", stored, "-o", back);

    /// <summary>Brings into memory what the last decode wrote to a file.</summary>
    public void Collect(MemoryTensors destination)
    {
        using var file = File.OpenRead(back);
        for (var tensor = 0; tensor < destination.Tensors.Count; tensor++) file.ReadExactly(destination.Bytes(tensor));
    }

    public Lap Lap(Action work) => Measuring.Lap.OfChildren(work);

    static void Run(params string[] arguments)
    {
        using var process = Start(arguments);
        process.WaitForExit();
        if (process.ExitCode != 0) throw new IOException($"zstd {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("zstd", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = arguments is ["--version"],
        })!;

    public void Dispose()
    {
        foreach (var path in (string[])[raw, stored, back]) File.Delete(path);
    }
}
