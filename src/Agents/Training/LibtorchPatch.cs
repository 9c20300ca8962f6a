using System.Buffers.Binary;
using System.Text;

namespace Lineage.Agents.Training;

/// <summary>What came of a patch: the new bytes, or the reason why this file is not one that may be patched.</summary>
public abstract record LibtorchPatchOutcome
{
    LibtorchPatchOutcome() { }

    /// <param name="Bytes">A complete file of the same length as the source; the source is untouched.</param>
    public sealed record Patched(byte[] Bytes) : LibtorchPatchOutcome;

    /// <param name="Reason">Which structure did not look as expected. Nothing was changed.</param>
    public sealed record Refused(string Reason) : LibtorchPatchOutcome;
}

/// <summary>
/// Makes libLibTorchSharp.so loadable on a libstdc++ older than GCC 13 (Debian 12, Ubuntu 22.04). The library asks for
/// GLIBCXX_3.4.32 because of one symbol, a start-up hook which older libraries lack and do not need. In a copy, the name of that
/// symbol becomes a libc function without arguments, its version "global", and the version requirement weak.
/// Pure: bytes in, bytes out. Structures: System V ABI (gABI) chapters 4 and 5, and the LSB's symbol versioning.
/// </summary>
public static class LibtorchPatch
{
    /// <summary>The hook that ties the library to GCC 13's libstdc++; its presence there decides whether a patch is needed.</summary>
    public const string Hook = "_ZSt21ios_base_library_initv";

    const string Stand = "sched_yield";                 // exported by every libc, no arguments, no effect that matters
    const string Version = "GLIBCXX_3.4.32";
    const uint Dynsym = 11, VersionSymbols = 0x6fffffff, VersionNeeds = 0x6ffffffe;
    const int SymbolBytes = 24, SectionBytes = 64;
    const ushort GlobalVersion = 1, WeakFlag = 2;

    public static LibtorchPatchOutcome Apply(ReadOnlySpan<byte> library)
    {
        try
        {
            var bytes = library.ToArray();
            ApplyInPlace(bytes);
            return new LibtorchPatchOutcome.Patched(bytes);
        }
        catch (MalformedElfException malformed)
        {
            return new LibtorchPatchOutcome.Refused(malformed.Message);
        }
    }

    static void ApplyInPlace(byte[] file)
    {
        var sections = ReadSections(file);
        var symbols = Single(sections, Dynsym, "dynamic symbol table");
        var versions = Single(sections, VersionSymbols, "symbol version table");
        var needs = Single(sections, VersionNeeds, "version requirements");
        if (symbols.Link >= sections.Length)
            throw new MalformedElfException($"the dynamic symbol table links to section {symbols.Link}; the file has {sections.Length}");
        var strings = sections[symbols.Link];

        var hook = FindHook(file, symbols, strings);
        var requirement = FindRequirement(file, needs, strings);
        RefuseOtherUsers(file, symbols, versions, hook.Index, requirement.VersionIndex);

        var name = Slice(file, hook.NameAt, Hook.Length);
        name.Clear();
        Encoding.ASCII.GetBytes(Stand, name);
        BinaryPrimitives.WriteUInt16LittleEndian(Slice(file, versions.Offset + 2L * hook.Index, 2), GlobalVersion);
        var flags = Slice(file, requirement.FlagsAt, 2);
        BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | WeakFlag));
    }

    sealed record Section(uint Type, long Offset, long Size, int Link);

    static Section[] ReadSections(byte[] file)
    {
        // \x7fELF, 64 bits, little-endian, version 1.
        if (file.Length < 64 || !file.AsSpan(0, 7).SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]))
            throw new MalformedElfException("it is not a 64-bit little-endian ELF file");
        var table = U64(file, 0x28);
        int entryBytes = U16(file, 0x3A), count = U16(file, 0x3C);
        if (entryBytes != SectionBytes || count == 0)
            throw new MalformedElfException($"it has {count} sections of {entryBytes} bytes; sections of {SectionBytes} bytes are needed");
        var sections = new Section[count];
        for (var i = 0; i < count; i++)
        {
            var at = table + (long)i * SectionBytes;
            Slice(file, at, SectionBytes);
            var link = (int)Math.Min(U32(file, at + 0x28), int.MaxValue);
            var section = new Section(U32(file, at + 4), U64(file, at + 0x18), U64(file, at + 0x20), link);
            const uint occupiesNoBytes = 8;
            if (section.Type is not 0 and not occupiesNoBytes) SliceLength(file, section.Offset, section.Size);
            sections[i] = section;
        }

        return sections;
    }

    static Section Single(Section[] sections, uint type, string what)
    {
        var found = sections.Where(s => s.Type == type).ToArray();
        return found.Length == 1
            ? found[0]
            : throw new MalformedElfException($"it has {found.Length} sections of kind '{what}'; one is needed");
    }

    static (int Index, long NameAt) FindHook(byte[] file, Section symbols, Section strings)
    {
        var found = -1;
        long nameAt = 0;
        var count = symbols.Size / SymbolBytes;
        for (var i = 0; i < count; i++)
        {
            var at = NameOffset(file, symbols, strings, i);
            if (!IsString(file, strings, at, Hook)) continue;
            if (found >= 0) throw new MalformedElfException($"it names {Hook} twice");
            if (U16(file, symbols.Offset + (long)i * SymbolBytes + 6) != 0) throw new MalformedElfException($"it defines {Hook} itself");
            (found, nameAt) = (i, at);
        }

        if (found < 0) throw new MalformedElfException($"it does not ask for {Hook}");
        // Linkers share tails of names: overwriting a string that another symbol uses would rename that one too.
        for (var i = 0; i < count; i++)
        {
            var at = NameOffset(file, symbols, strings, i);
            if (i != found && at >= nameAt && at <= nameAt + Hook.Length - 1)
                throw new MalformedElfException($"symbol {i} shares the bytes of the name {Hook}");
        }

        return (found, nameAt);
    }

    static (ushort VersionIndex, long FlagsAt) FindRequirement(byte[] file, Section needs, Section strings)
    {
        var need = needs.Offset;
        var budget = needs.Size / 16;                   // every record is 16 bytes: more steps than that is a loop
        while (true)
        {
            int auxiliaries = U16(file, Within(needs, need, 16) + 2);
            var aux = need + U32(file, need + 8);
            for (var i = 0; i < auxiliaries; i++)
            {
                if (budget-- <= 0) throw new MalformedElfException("its version requirements do not end");
                Within(needs, aux, 16);
                if (IsString(file, strings, strings.Offset + U32(file, aux + 8), Version)) return (U16(file, aux + 6), aux + 4);
                aux += U32(file, aux + 12);
            }

            var next = U32(file, need + 12);
            if (next == 0) throw new MalformedElfException($"it does not ask for {Version}");
            if (budget-- <= 0) throw new MalformedElfException("its version requirements do not end");
            need += next;
        }
    }

    /// <summary>A second symbol of that version would be needed for real, and a weak requirement would only hide its absence.</summary>
    static void RefuseOtherUsers(byte[] file, Section symbols, Section versions, int hook, ushort versionIndex)
    {
        var count = symbols.Size / SymbolBytes;
        if (versions.Size / 2 != count)
            throw new MalformedElfException($"it has {count} dynamic symbols but {versions.Size / 2} symbol versions");
        for (var i = 0; i < count; i++)
            if (i != hook && U16(file, versions.Offset + 2L * i) == versionIndex)
                throw new MalformedElfException($"symbol {i} needs {Version} as well");
    }

    static long NameOffset(byte[] file, Section symbols, Section strings, int symbol) =>
        strings.Offset + U32(file, symbols.Offset + (long)symbol * SymbolBytes);

    static bool IsString(byte[] file, Section strings, long at, string expected)
    {
        if (at < strings.Offset || at + expected.Length + 1 > strings.Offset + strings.Size) return false;
        var bytes = Slice(file, at, expected.Length + 1);
        return bytes[^1] == 0 && Encoding.ASCII.GetString(bytes[..^1]).Equals(expected, StringComparison.Ordinal);
    }

    static long Within(Section section, long at, int length) =>
        at >= section.Offset && at + length <= section.Offset + section.Size
            ? at
            : throw new MalformedElfException($"a record at byte {at} lies outside its section");

    static void SliceLength(byte[] file, long at, long length)
    {
        if (at < 0 || length < 0 || at > file.Length || length > file.Length - at)
            throw new MalformedElfException($"{length} bytes at byte {at} lie outside the file of {file.Length} bytes");
    }

    static Span<byte> Slice(byte[] file, long at, int length)
    {
        SliceLength(file, at, length);
        return file.AsSpan((int)at, length);
    }

    static ushort U16(byte[] file, long at) => BinaryPrimitives.ReadUInt16LittleEndian(Slice(file, at, 2));
    static uint U32(byte[] file, long at) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(file, at, 4));

    static long U64(byte[] file, long at)
    {
        var value = BinaryPrimitives.ReadUInt64LittleEndian(Slice(file, at, 8));
        return value <= int.MaxValue
            ? (long)value
            : throw new MalformedElfException($"the offset or size {value} at byte {at} is too large");
    }

    sealed class MalformedElfException(string message) : Exception(message);
}
