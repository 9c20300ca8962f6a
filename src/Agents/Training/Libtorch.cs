using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Lineage.Contracts.Api;

namespace Lineage.Agents.Training;

/// <summary>libtorch is not usable here; the message says what was looked for, where, and what to do.</summary>
public sealed class LibtorchMissingException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Stable code of this error.</summary>
    public string Code { get; } = ProblemCodes.LibtorchMissing;
}

/// <summary>
/// Loads the native side of TorchSharp from beside the executable. On hosts whose libstdc++ lacks what the prebuilt library asks
/// for, a patched copy is kept in a cache directory and loaded in its place; the package's own files are never written.
/// The cache needs no trust: the copy is made anew in memory at each start (a few milliseconds) and the file must equal it.
/// If the process dies while writing the copy, a temporary file is left beside it and the next start writes its own.
/// </summary>
public static class Libtorch
{
    const string Wrapper = "libLibTorchSharp.so";
    static readonly string[] Engine = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];
    static readonly Lock Gate = new();
    static nint loaded;

    /// <summary>Makes TorchSharp usable in this process. Safe to call more than once and from several threads.</summary>
    /// <param name="cacheDirectory">Where the patched copy may live; null for the user's cache directory (XDG).</param>
    /// <exception cref="LibtorchMissingException">A native file is absent or cannot be loaded.</exception>
    public static void Load(string? cacheDirectory = null)
    {
        lock (Gate)
        {
            if (loaded != 0) return;
            if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            {
                throw new LibtorchMissingException(
                    $"Training needs libtorch, which this build carries for Linux x64 only; " +
                    $"this is {RuntimeInformation.RuntimeIdentifier}. Nothing was started. " +
                    "Run the ranks on a Linux x64 host. [libtorch-missing]");
            }

            var folder = FindNatives();
            // In this order each one finds what it depends on already loaded, wherever the wrapper itself lies.
            foreach (var name in Engine) LoadFile(Path.Combine(folder, name));
            var wrapper = Path.Combine(folder, Wrapper);
            loaded = LoadFile(NeedsPatch() ? PatchedCopy(wrapper, cacheDirectory ?? DefaultCache()) : wrapper);

            var torch = typeof(TorchSharp.torch).Assembly;
            NativeLibrary.SetDllImportResolver(torch, Resolve);
            // TorchSharp first probes with NativeLibrary.TryLoad, which asks the load context and not the import resolver.
            AssemblyLoadContext.GetLoadContext(torch)!.ResolvingUnmanagedDll += (_, name) => Resolve(name, torch, null);
        }
    }

    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) =>
        name.Contains("LibTorchSharp", StringComparison.Ordinal) ? loaded : 0;

    /// <summary>The hook came with GLIBCXX_3.4.32: asking the system's libstdc++ for it decides for any distribution.</summary>
    static bool NeedsPatch() =>
        NativeLibrary.TryLoad("libstdc++.so.6", out var library) && !NativeLibrary.TryGetExport(library, LibtorchPatch.Hook, out _);

    static string FindNatives()
    {
        string[] candidates = [Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"), AppContext.BaseDirectory];
        foreach (var folder in candidates)
            if (Engine.Append(Wrapper).All(name => File.Exists(Path.Combine(folder, name)))) return folder;
        throw new LibtorchMissingException(
            $"Training needs libtorch: {string.Join(", ", Engine.Append(Wrapper))} were looked for in {string.Join(" and ", candidates)} " +
            "and are not all there. Nothing was started. Build with -p:Torch=cpu (the default), or use an image that carries libtorch. " +
            "[libtorch-missing]");
    }

    static nint LoadFile(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException unloadable)
        {
            throw new LibtorchMissingException(
                $"The loader refused {path}: {unloadable.Message.Trim()} Nothing was started. " +
                "Training needs glibc 2.34 or newer and an unharmed copy of the file: build again, or update the system. " +
                "[libtorch-missing]", unloadable);
        }
    }

    [SupportedOSPlatform("linux")]
    static string PatchedCopy(string wrapper, string cache)
    {
        var source = File.ReadAllBytes(wrapper);
        var patched = LibtorchPatch.Apply(source) switch
        {
            LibtorchPatchOutcome.Patched done => done.Bytes,
            LibtorchPatchOutcome.Refused refused => throw new LibtorchMissingException(
                $"{wrapper} needs a newer libstdc++ than this system's and could not be adapted: {refused.Reason}. " +
                "Nothing was written. Use a distribution with GCC 13's libstdc++ or newer. [libtorch-missing]"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

        var folder = Path.Combine(cache, "libtorch", Convert.ToHexStringLower(SHA256.HashData(source))[..32]);
        var copy = Path.Combine(folder, Wrapper);
        try
        {
            if (!File.Exists(copy) || !File.ReadAllBytes(copy).AsSpan().SequenceEqual(patched)) WriteCopy(folder, copy, patched);
            return copy;
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            throw new LibtorchMissingException(
                $"An adapted copy of {Wrapper} ({patched.Length:N0} bytes) could not be kept in {folder}: {unwritable.Message} " +
                "Nothing was started. Make that directory writable, or set XDG_CACHE_HOME to one that is. [libtorch-missing]", unwritable);
        }
    }

    [SupportedOSPlatform("linux")]
    static void WriteCopy(string folder, string copy, byte[] patched)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Ranks start together: each writes a file of its own, and the last rename wins with equal bytes.
        var temporary = $"{copy}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(temporary, patched);
        File.Move(temporary, copy, overwrite: true);
    }

    static string DefaultCache()
    {
        var configured = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!string.IsNullOrEmpty(configured) && Path.IsPathRooted(configured)) return Path.Combine(configured, "lineage");
        var home = Environment.GetEnvironmentVariable("HOME");
        return string.IsNullOrEmpty(home)
            ? Path.Combine(Path.GetTempPath(), $"lineage-{Environment.UserName}")
            : Path.Combine(home, ".cache", "lineage");
    }
}
