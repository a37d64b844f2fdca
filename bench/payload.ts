/** What every job carries: 59 bytes of JSON. */
export const payload = { orderId: 123456, customer: "customer-4711", total: 49.95 };
