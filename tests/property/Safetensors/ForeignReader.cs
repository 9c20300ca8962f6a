using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Lineage.Agents.Safetensors;
using Lineage.Tests.Property.House;
using Lineage.Tests.Property.Saving;
using Lineage.Tests.Property.Shards;

namespace Lineage.Tests.Property.Safetensors;

/// <summary>Plain Python, which shares no code with us, sees the same tensors.</summary>
public sealed class ForeignReader
{
    static readonly SmallRun Run = SmallStates.Run(seed: 99, stateCount: 1, tensorCount: 12, chunkElements: 16);

    [PythonTheory]
    [InlineData(SafetensorsLimits.FileBytesMax, "model.safetensors")]
    [InlineData(400, "model.safetensors.index.json")]
    public async Task A_reader_of_forty_lines_of_Python_sees_the_same_tensors(long fileBytesMax, string name)
    {
        using var place = new TempDirectory();
        var files = await SafetensorsSplit.WriteAsync(
            place.Path, "model", InMemory.Whole(new MemoryTensors(Run.Tensors, Run.States[0])),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" }, fileBytesMax, CancellationToken.None);
        Assert.Equal(name, files[^1].Name);
        Assert.Equal(string.Join('\n', Expected()), string.Join('\n', await SeenAsync(place[name])));
    }

    static IEnumerable<string> Expected() => Run.Tensors.Zip(Run.States[0])
        .Select(static t => Line(
            t.First.Name, t.First.Dtype.ToString(), $"[{string.Join(',', t.First.Sizes)}]",
            Convert.ToHexStringLower(SHA256.HashData(t.Second))))
        .Order(StringComparer.Ordinal);

    static async Task<IEnumerable<string>> SeenAsync(string file)
    {
        var start = new ProcessStartInfo(PythonTheoryAttribute.Python) { RedirectStandardOutput = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(Repository.Root, "tests/python/read_safetensors.py"));
        start.ArgumentList.Add(file);
        using var python = Process.Start(start)!;
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.Equal(0, python.ExitCode);
        using var json = JsonDocument.Parse(output);
        return [.. json.RootElement.EnumerateArray()
            .Select(static t => Line(
                t.GetProperty("name").GetString()!, t.GetProperty("dtype").GetString()!,
                t.GetProperty("shape").GetRawText().Replace(" ", "", StringComparison.Ordinal), t.GetProperty("sha256").GetString()!))
            .Order(StringComparer.Ordinal)];
    }

    static string Line(string name, string dtype, string shape, string digest) => $"{name} {dtype} {shape} {digest}";
}

/// <summary>A test that needs the system's Python; where it is missing the test is skipped and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonTheoryAttribute : TheoryAttribute
{
    public const string Python = "/usr/bin/python3";

    public PythonTheoryAttribute() => Skip = File.Exists(Python) ? null : $"{Python} is not there (apt-get install python3-minimal)";
}
