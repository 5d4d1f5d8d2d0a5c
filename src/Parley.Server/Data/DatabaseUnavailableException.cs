using Parley.Streaming.Generations;

namespace Parley.Server.Data;

/// <summary>The database can't be reached, is full or refuses to work. Either nothing was changed, or the outcome is not known.</summary>
public class DatabaseUnavailableException(string message, Exception? innerException = null)
    : StoreUnavailableException(message, innerException);

/// <summary>More writes wait for the database than it can take now.</summary>
public sealed class DatabaseBusyException() : DatabaseUnavailableException("The database is overloaded.");
