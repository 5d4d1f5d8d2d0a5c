namespace Parley.Server.Data.Sql;

/// <summary>
/// A database could not be copied. The message is for the person who runs the command: what happened, and what to do. It holds no secrets.
/// </summary>
internal sealed class DatabaseCopyException(string message, Exception? innerException = null) : Exception(message, innerException);
