namespace Parley.Server.Data;

/// <summary>The folder of the signing keys and, with SQLite, of the database.</summary>
internal static class DataFolder
{
    /// <summary>Creates the folder if it does not exist. Only the server's user can read it.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
