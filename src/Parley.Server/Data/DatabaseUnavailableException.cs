using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>The database can't be reached, is full or refuses to work. Nothing was changed, or it isn't known whether it was.</summary>
public class DatabaseUnavailableException(string message, Exception? innerException = null)
    : StoreUnavailableException(message, innerException);

/// <summary>More writes wait for the database than it can take now.</summary>
public sealed class DatabaseBusyException() : DatabaseUnavailableException("The database is overloaded.");
