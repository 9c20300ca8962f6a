using System.Buffers.Binary;
using System.Text;
using FsCheck.Xunit;
using Lineage.Agents.Training;

namespace Lineage.Tests.Property.Training;

public sealed class LibtorchPatchLaws
{
    static readonly byte[] Library = TinyLibrary.Build();

    [Fact]
    public void Exactly_the_name_its_version_and_the_requirements_flag_are_changed()
    {
        var patched = Assert.IsType<LibtorchPatchOutcome.Patched>(LibtorchPatch.Apply(Library)).Bytes;

        var changed = Enumerable.Range(0, Library.Length).Where(i => Library[i] != patched[i]).ToArray();
        Assert.Equal("sched_yield\0", Encoding.ASCII.GetString(patched, TinyLibrary.HookNameAt, 12));
        Assert.Equal(1, BinaryPrimitives.ReadUInt16LittleEndian(patched.AsSpan(TinyLibrary.HookVersionAt)));
        Assert.Equal(2, BinaryPrimitives.ReadUInt16LittleEndian(patched.AsSpan(TinyLibrary.RequirementFlagsAt)));
        Assert.All(changed, i => Assert.True(
            (i >= TinyLibrary.HookNameAt && i < TinyLibrary.HookNameAt + LibtorchPatch.Hook.Length)
            || i == TinyLibrary.HookVersionAt || i == TinyLibrary.RequirementFlagsAt));
    }

    [Fact]
    public void A_patched_library_is_not_patched_again()
    {
        var patched = (LibtorchPatchOutcome.Patched)LibtorchPatch.Apply(Library);

        Assert.Contains("does not ask for", Refusal(patched.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused() =>
        Assert.All(Enumerable.Range(0, Library.Length), length => Refusal(Library[..length]));

    [Property(MaxTest = 2_000)]
    public bool Damage_anywhere_is_refused_or_harmless_and_never_a_crash(ushort at, byte value, ushort at2, byte value2)
    {
        var damaged = Library.ToArray();
        damaged[at % damaged.Length] = value;
        damaged[at2 % damaged.Length] = value2;

        return LibtorchPatch.Apply(damaged)
            is LibtorchPatchOutcome.Refused or LibtorchPatchOutcome.Patched { Bytes.Length: TinyLibrary.Length };
    }

    [Property(MaxTest = 500)]
    public bool Noise_is_refused(byte[] noise) => LibtorchPatch.Apply(noise) is LibtorchPatchOutcome.Refused;

    [Fact]
    public void A_second_symbol_of_that_version_is_refused_because_it_would_be_needed() =>
        Assert.Contains("as well", Refusal(TinyLibrary.Build(otherVersion: TinyLibrary.RequiredVersion)), StringComparison.Ordinal);

    [Fact]
    public void A_symbol_that_shares_the_bytes_of_the_name_is_not_renamed_with_it() =>
        Assert.Contains("shares", Refusal(TinyLibrary.Build(otherNameInsideHook: true)), StringComparison.Ordinal);

    [Fact]
    public void A_library_that_defines_the_symbol_itself_is_refused() =>
        Assert.Contains("defines", Refusal(TinyLibrary.Build(hookSection: 3)), StringComparison.Ordinal);

    [Fact]
    public void Requirements_that_run_in_a_circle_are_refused() =>
        Assert.Contains("do not end", Refusal(TinyLibrary.Build(requirement: "GLIBCXX_3.4.30", requirements: 9)), StringComparison.Ordinal);

    static string Refusal(byte[] library) => Assert.IsType<LibtorchPatchOutcome.Refused>(LibtorchPatch.Apply(library)).Reason;
}

/// <summary>The smallest ELF file that has what the patch looks at: two symbols, their versions, and one requirement.</summary>
static class TinyLibrary
{
    public const int Length = 688, RequiredVersion = 18;
    const int Sections = 64, Strings = 448, Symbols = 560, Versions = 640, Needs = 656;

    public const int HookNameAt = Strings + 1, HookVersionAt = Versions + 2, RequirementFlagsAt = Needs + 16 + 4;

    public static byte[] Build(
        int otherVersion = 2, bool otherNameInsideHook = false, int hookSection = 0,
        string requirement = "GLIBCXX_3.4.32", int requirements = 1)
    {
        var file = new byte[Length];
        var names = $"\0{LibtorchPatch.Hook}\0other\0{requirement}\0";
        Encoding.ASCII.GetBytes(names, file.AsSpan(Strings));
        WriteHeaders(file);

        U32(file, Symbols + 24, 1);
        U16(file, Symbols + 24 + 6, hookSection);
        U32(file, Symbols + 48, otherNameInsideHook ? 6 : names.IndexOf("other", StringComparison.Ordinal));
        U16(file, Versions + 2, RequiredVersion);
        U16(file, Versions + 4, otherVersion);

        U16(file, Needs, 1);
        U16(file, Needs + 2, requirements);    // with more than there are, the last one is walked again and again
        U32(file, Needs + 8, 16);
        U16(file, Needs + 16 + 6, RequiredVersion);
        U32(file, Needs + 16 + 8, names.IndexOf(requirement, StringComparison.Ordinal));
        return file;
    }

    static void WriteHeaders(byte[] file)
    {
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(file);
        U64(file, 0x28, Sections);
        U16(file, 0x3A, 64);
        U16(file, 0x3C, 5);
        Section(file, 1, type: 11, Symbols, 3 * 24, link: 2);
        Section(file, 2, type: 3, Strings, 100, link: 0);
        Section(file, 3, type: 0x6fffffff, Versions, 3 * 2, link: 1);
        Section(file, 4, type: 0x6ffffffe, Needs, 32, link: 2);
    }

    static void Section(byte[] file, int index, uint type, int offset, int size, int link)
    {
        var at = Sections + index * 64;
        U32(file, at + 4, unchecked((int)type));
        U64(file, at + 0x18, offset);
        U64(file, at + 0x20, size);
        U32(file, at + 0x28, link);
    }

    static void U16(byte[] file, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);

    static void U32(byte[] file, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);

    static void U64(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
