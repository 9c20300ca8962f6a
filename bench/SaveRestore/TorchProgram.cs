using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lineage.Bench.Traces;

namespace Lineage.Bench.SaveRestore;

/// <summary>The system's Python with torch, kept running so that starting it is no part of any timing.</summary>
sealed class TorchProgram : IDisposable
{
    const string Python = "/usr/bin/python3";

    readonly Process process;

    TorchProgram(Process process, string version) => (this.process, Version) = (process, version);

    public string Version { get; }

    /// <summary>Null, with the reason narrated, where it cannot be run.</summary>
    public static TorchProgram? Start(MemoryTensors state, string folder, Action<string> narrate)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "torch_rival.py");
        if (!File.Exists(Python))
        {
            narrate($"skipped: torch. {Python} is missing (Debian: apt-get install python3-torch)");
            return null;
        }

        var rival = new TorchProgram(Launch(script), "");
        if (rival.Give(state, Path.Combine(folder, "state.raw")) is { } answer)
            return new TorchProgram(rival.process, $"torch {answer["version"]}, {answer["threads"]} threads");
        narrate("skipped: torch. The system's python3 has no torch (Debian: apt-get install python3-torch)");
        rival.Dispose();
        return null;
    }

    static Process Launch(string script)
    {
        var process = Process.Start(new ProcessStartInfo(Python, [script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.ErrorDataReceived += static (_, _) => { };   // a failed import shows in the missing answer, warnings are of no interest
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Hands the very bytes of the state over, by a file.</summary>
    JsonNode? Give(MemoryTensors state, string raw)
    {
        try
        {
            using (var file = File.Create(raw))
                for (var tensor = 0; tensor < state.Tensors.Count; tensor++) file.Write(state.Bytes(tensor));
            var layout = state.Tensors.Select(static tensor => new JsonObject
            {
                ["name"] = tensor.Name,
                ["dtype"] = tensor.Dtype.ToString(),
                ["shape"] = new JsonArray([.. tensor.Sizes.Select(static size => (JsonNode)JsonValue.Create(size))]),
            });
            return Ask(new JsonObject { ["do"] = "state", ["path"] = raw, ["layout"] = new JsonArray([.. layout]) });
        }
        finally
        {
            File.Delete(raw);
        }
    }

    /// <param name="peak">Also measures how much memory the work needs at its peak.</param>
    public JsonNode Do(string command, string path, bool peak = false) =>
        Ask(new JsonObject { ["do"] = command, ["path"] = path, ["peak"] = peak })
            ?? throw new IOException($"The Python side ended while it was asked to {command}.");

    JsonNode? Ask(JsonObject command)
    {
        try
        {
            process.StandardInput.WriteLine(command.ToJsonString(JsonSerializerOptions.Default));
            process.StandardInput.Flush();
        }
        catch (IOException)
        {
            return null;   // it has ended already
        }

        return process.StandardOutput.ReadLine() is { } line ? JsonNode.Parse(line) : null;
    }

    public void Dispose()
    {
        process.StandardInput.Dispose();   // its loop ends with the input
        if (!process.WaitForExit(TimeSpan.FromSeconds(10))) process.Kill();
        process.Dispose();
    }
}
