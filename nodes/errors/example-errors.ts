/**
 * An errors table for the examples of nodes that read one. It holds four rows: 1 and 4 of the node `prices`
 * (`{ id, price }`), which wait; 2 of `prices`, which was replayed; 3 of the node `totals`.
 */
export const exampleErrors = {
  deflated:
    '7VVfT9NQFD+3LSzOEJ/I0gfjobxsoYN2iAkzJE5ozJQVHDVhvixlvdMbu3bctiCSxWh85tX4MXzkA/g9fPUd3017hxsYlAdiYuQ8tOdfzp977j2/rafrLKbYDXnPjXERJC' +
    'AEHiACQA4AJmBEMgAoYzKBP1MO5j99zoJImTzxe/dNabIwN0dasbvj02jXZzFtR3Q3oUHnvCivNq2aY6FTe7hu4TljMXB7VI/obun9bZIrqCr5MJ3FpJyHPBJf6UwEocNi' +
    'HpF5WLcd65HVxM1mvVFrtvCJ1cLaM2ejbq82rYZlOzp2XeZTr+3G6NQb1pZTa2zq2Gd96rOAomNtOzryJBhyQeidKrNMQ74zUncZ9T3B5xGjMOGdU1MWcViSjjzcx8dbG7' +
    'aOnPZ996AddseMmeqXuqKkT3lEvXOGfGkqG2oRyBFR4CMUL5pMT7kFK4WCemdmeoYsAUDFqNwrG2Z50XTMStUwqoYxbxjGc4cz1+dJUDb7nHVoZIcYJL0dytNWF+KXnO6n' +
    'nDDOd6K9iUONeVr1rq5lOq2qlbXBK1mkK6fpZi+VLg5j14/W2B6LWBjgzgG+oTy8KKtyqHXCJIi1qjF4l5PGmluGlatrThbNVUbNBQuuNhDxK2XDdIzlsfh9MlbI/as8ZU' +
    'kUYo4KMSv6kjZI50/ICZATuKb/hPJEVonYd0o+ff/kGMh38o18IcfXp/OP0E1FBSJ2njyrqCtEvPWLNouU+QsfJa+ocEPwUxmwLwJ8haP0dwlsbsmThZJK3rLAo6/FNWrv' +
    'uyxmwYvhpRoCa91es7bxrAdu2D+hNsXEM4hVusb/v43/PwA=',
};
