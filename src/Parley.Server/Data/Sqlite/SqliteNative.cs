using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace Parley.Server.Data.Sqlite;

/// <summary>Which native SQLite is used. docs/adr/0005 says why this is needed and how it goes away.</summary>
internal static class SqliteNative
{
    private static readonly string[] Names = OperatingSystem.IsWindows() ? ["winsqlite3.dll"] : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib"] : ["libsqlite3.so.0", "libsqlite3.so"];

    /// <summary>The oldest that has what our SQL uses.</summary>
    public static readonly Version Oldest = new(3, 35, 0);

    [ModuleInitializer]
    internal static void Initialize()
    {
        // The provider asks for SQLitePCLRaw 2.1, of which 2.0.6 has every member but LoadExtension, which is not used here.
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
            name.Name is { } simple && simple.StartsWith("SQLitePCLRaw.", StringComparison.Ordinal) && name.Version is not null
                ? context.LoadFromAssemblyName(new AssemblyName(simple))
                : null;
        NativeLibrary.SetDllImportResolver(Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"), static (library, _, _) => library == "e_sqlite3" ? Newest() : 0);
    }

    /// <summary>The machine's own library where it is there and newer than the bundled 3.35.5; 0 for the bundled one.</summary>
    private static nint Newest()
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library)) continue;
            if (NativeLibrary.TryGetExport(library, "sqlite3_libversion_number", out var export))
            {
                var number = Marshal.GetDelegateForFunctionPointer<VersionNumber>(export)();
                if (number > 3_035_005) return library;
            }

            NativeLibrary.Free(library);
        }

        return 0;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
